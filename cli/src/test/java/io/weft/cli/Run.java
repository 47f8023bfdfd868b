package io.weft.cli;

import java.io.PrintWriter;
import java.io.StringWriter;

/** What a command said, and with which exit code it ended. */
record Run(int code, String out, String err) {
  static Run weft(String... arguments) {
    var out = new StringWriter();
    var err = new StringWriter();
    var outWriter = new PrintWriter(out);
    int code = Weft.commandLine(outWriter, new PrintWriter(err, true)).execute(arguments);
    outWriter.flush();
    return new Run(code, out.toString(), err.toString());
  }
}
