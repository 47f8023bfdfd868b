package io.weft.cli;

import io.weft.agent.DaemonFailure;
import java.io.IOException;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.ParseResult;

/** What went wrong, in a line or two for whoever typed the command; a defect with its trace. */
final class FailureReport implements IExecutionExceptionHandler {
  @Override
  public int handleExecutionException(
      Exception failure, CommandLine commandLine, ParseResult parsed) {
    var err = commandLine.getErr();
    switch (failure) {
      case AgentCall.NoAgent e -> {
        err.println("weft: " + e.getMessage());
        return Weft.NO_AGENT;
      }
      case AgentCall.Refused e -> err.println("weft: " + e.getMessage());
      case DaemonFailure e -> err.println("weft: " + e.getMessage());
      case IOException e -> err.println("weft: " + e.getMessage());
      default -> {
        err.println("weft: this is a defect of Weft; please report it with what follows");
        failure.printStackTrace(err);
      }
    }
    err.flush();
    return Weft.FAILED;
  }
}
