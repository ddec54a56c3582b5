// Runs a fuzzer's function on every file of the folders that are given, and on many inputs made from them, so that the
// corpus is a test with any compiler.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int count, char **folders) {
  std::minstd_rand random(1);
  size_t files = 0;
  for (int index = 1; index < count; ++index) {
    for (const auto &entry : std::filesystem::directory_iterator(folders[index])) {
      std::ifstream file(entry.path(), std::ios::binary);
      std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
      ++files;
      for (int variant = 0; variant <= REPLAY_VARIANTS; ++variant) {
        LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size());
        if (!bytes.empty()) bytes[random() % bytes.size()] = static_cast<char>(random());
        if (variant % 10 == 0) bytes.push_back(static_cast<char>(random()));
      }
    }
  }
  std::printf("%zu files\n", files);
  return files == 0 ? 1 : 0;
}
