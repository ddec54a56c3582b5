// Two engines against each other: data in one piece or many. Handshakes, output that is blocked and ends have files of
// their own.
#include "tls_unit.hpp"

namespace aio {

namespace {

void test_data__of_any_size_in_any_spans(void **) {
  for (const int version : kVersions) {
    Conversation talk(version);
    talk.open();
    for (const size_t size : {size_t{1}, kRecord - 1, kRecord, kRecord + 1, size_t{100000}}) {
      for (const size_t pieces : {size_t{1}, size_t{3}, size_t{64}}) {
        assert_true(send(talk.client, talk.server, payload(size), pieces));
        assert_true(send(talk.server, talk.client, payload(size), pieces));
      }
    }
  }
}

void test_data__in_reads_and_writes_of_any_size(void **) {
  for (const int version : kVersions) {
    for (const size_t cut : {size_t{1}, size_t{5}, size_t{1000}, size_t{16389}}) {
      Conversation talk(version);
      talk.open();
      talk.link.client.most_per_read = talk.link.server.most_per_write = cut;
      assert_true(send(talk.server, talk.client, payload(40000), 7));
    }
  }
}

void test_write__gathers_small_spans(void **) {
  for (const int version : kVersions) {
    Conversation talk(version);
    talk.open();
    const int writes = talk.link.client.writes;
    assert_int_equal(talk.client.write(payload(1000), 50).bytes, 1000);
    assert_int_equal(talk.link.client.writes, writes + 1);
    assert_int_equal(count_records(talk.link.to_server.bytes), 1);
    assert_true(talk.server.read_all());
    // Full records, whatever the spans are.
    assert_int_equal(talk.client.write(payload(3 * kRecord), 10).bytes, 3 * kRecord);
    assert_int_equal(count_records(talk.link.to_server.bytes), 3);
    assert_true(talk.server.read_all());
    assert_true(talk.server.got == payload(1000) + payload(3 * kRecord));
  }
}

void test_write__of_empty_spans(void **) {
  Conversation talk(TLS1_3_VERSION);
  talk.open();
  const std::string text = "abc";
  const Byte *bytes = reinterpret_cast<const Byte *>(text.data());
  const net::ConstSpan spans[] = {{nullptr, 0}, {bytes, 1}, {nullptr, 0}, {bytes + 1, 2}, {nullptr, 0}};
  assert_int_equal(talk.client.engine->write(spans, 5).bytes, 3);
  assert_int_equal(count_records(talk.link.to_server.bytes), 1);
  assert_true(talk.server.read_all());
  assert_string_equal(talk.server.got.c_str(), "abc");
}

void test_read__fills_spans_from_several_records_at_once(void **) {
  for (const int version : kVersions) {
    Conversation talk(version);
    talk.open();
    for (int index = 0; index < 3; ++index) assert_int_equal(talk.server.write(payload(1000)).bytes, 1000);
    const int reads = talk.link.client.reads;
    assert_int_equal(talk.client.read({700, 1, 1799}).bytes, 2500);
    assert_int_equal(talk.link.client.reads, reads + 1);
    assert_true(talk.client.engine->has_input());
    assert_int_equal(talk.client.read({500}).bytes, 500);
    assert_int_equal(talk.link.client.reads, reads + 1);
    assert_false(talk.client.engine->has_input());
    assert_true(talk.client.got == payload(1000) + payload(1000) + payload(1000));
    assert_int_equal(talk.client.read({500}).kind, Kind::blocked);
  }
}

void test_read__of_part_of_a_record_leaves_none_behind(void **) {
  for (const int version : kVersions) {
    Conversation talk(version);
    talk.open();
    assert_int_equal(talk.server.write(payload(kRecord)).bytes, kRecord);
    for (size_t size = 1; size < 150; ++size) {
      assert_int_equal(talk.client.read({size}).bytes, size);
      assert_true(talk.client.engine->has_input());
    }
    assert_true(talk.client.read_all());
    assert_true(talk.client.got == payload(kRecord));
  }
}

// Much comes in few calls below, and what it says of the rest holds.
void test_read__of_much_takes_large_pieces(void **) {
  Conversation talk(TLS1_3_VERSION);
  talk.open();
  constexpr size_t kMuch = size_t{1} << 20;
  assert_int_equal(talk.server.write(payload(kMuch)).bytes, kMuch);
  const int reads = talk.link.client.reads;
  assert_true(talk.client.read_all({size_t{1} << 18}));
  assert_true(talk.client.got == payload(kMuch));
  assert_in_range(talk.link.client.reads - reads, 1, 24);
}

void test_peek__takes_nothing(void **) {
  for (const int version : kVersions) {
    Conversation talk(version);
    talk.open();
    assert_int_equal(talk.client.engine->peek().kind, Kind::blocked);
    assert_int_equal(talk.server.write("abc").bytes, 3);
    for (int turn = 0; turn < 2; ++turn) {
      assert_int_equal(talk.client.engine->peek().kind, Kind::moved);
      assert_true(talk.client.engine->has_input());
    }
    assert_int_equal(talk.client.read({10}).bytes, 3);
    assert_string_equal(talk.client.got.c_str(), "abc");
    assert_int_equal(talk.client.engine->peek().kind, Kind::blocked);
    assert_false(talk.client.engine->has_input());
    talk.server.engine->notify_close();
    assert_int_equal(talk.client.engine->peek().kind, Kind::ended);
    assert_int_equal(talk.client.engine->peek().kind, Kind::ended);
    assert_int_equal(talk.client.read({10}).kind, Kind::ended);
  }
}

const CMUnitTest tests[] = {
    leaves_no_memory(test_data__of_any_size_in_any_spans),
    leaves_no_memory(test_data__in_reads_and_writes_of_any_size),
    leaves_no_memory(test_write__gathers_small_spans),
    leaves_no_memory(test_write__of_empty_spans),
    leaves_no_memory(test_read__fills_spans_from_several_records_at_once),
    leaves_no_memory(test_read__of_part_of_a_record_leaves_none_behind),
    leaves_no_memory(test_read__of_much_takes_large_pieces),
    leaves_no_memory(test_peek__takes_nothing),
};

}  // namespace

}  // namespace aio

int main() { return cmocka_run_group_tests(aio::tests, nullptr, nullptr); }
