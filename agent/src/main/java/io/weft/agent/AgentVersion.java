package io.weft.agent;

/** Which Weft this is. */
public final class AgentVersion {
  /** MAJOR.MINOR.PATCH. */
  public static final String TEXT = "0.1.0";

  private AgentVersion() {}
}
