package org.aiostate.tests;

import com.sun.source.util.JavacTask;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.List;
import java.util.stream.Collectors;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/** Asks Java's compiler what it thinks of a program. */
final class Compiler {
  private Compiler() {}

  /** {@return the compiler's complaints about a statement that uses a {@code state}; "" if it has none} */
  static String complaints(String statement) {
    String program = "class Program { void run(org.aiostate.State state) { " + statement + " } }";
    var source =
        new SimpleJavaFileObject(URI.create("string:///Program.java"), JavaFileObject.Kind.SOURCE) {
          @Override
          public CharSequence getCharContent(boolean ignoreErrors) {
            return program;
          }
        };
    var found = new DiagnosticCollector<JavaFileObject>();
    var options = List.of("-classpath", System.getProperty("java.class.path"), "-proc:none");
    var task = ToolProvider.getSystemJavaCompiler().getTask(null, null, found, options, null, List.of(source));
    try {
      ((JavacTask) task).analyze();
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
    return found.getDiagnostics().stream().map(each -> each.getMessage(null)).collect(Collectors.joining("\n"));
  }
}
