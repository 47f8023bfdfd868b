package io.weft.lab.run;

import java.nio.file.Path;

/** A lab command as a process of its own, to be killed. */
final class LabProgram {
  private LabProgram() {}

  public static void main(String[] arguments) {
    var commands = new LabCommands(System.out, System.err, false);
    System.exit(commands.run(Path.of(arguments[0]), false, false, true));
  }
}
