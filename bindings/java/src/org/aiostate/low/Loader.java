package org.aiostate.low;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.ref.Cleaner;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Brings the library into the process: the one inside the jar, else the one on {@code java.library.path}. */
final class Loader {
  static final Cleaner CLEANER = Cleaner.create();

  private static final String NAME = "aiostate_java";

  private Loader() {}

  static void load() {
    String resource = System.getProperty("os.arch") + "/" + System.mapLibraryName(NAME);
    try (InputStream library = Loader.class.getResourceAsStream(resource)) {
      if (library == null) {
        System.loadLibrary(NAME);
      } else {
        loadCopy(library);
      }
    } catch (IOException failure) {
      throw new UncheckedIOException("The library cannot be unpacked.", failure);
    }
  }

  // Once it is loaded the file's name is not needed any more.
  private static void loadCopy(InputStream library) throws IOException {
    Path copy = Files.createTempFile(NAME, ".so");
    try {
      Files.copy(library, copy, StandardCopyOption.REPLACE_EXISTING);
      System.load(copy.toString());
    } finally {
      Files.delete(copy);
    }
  }
}
