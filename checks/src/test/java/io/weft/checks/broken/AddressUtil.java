package io.weft.checks.broken;

/** Breaks the rule on names. */
public final class AddressUtil {
  private AddressUtil() {}

  /** Breaks it once more, nested. */
  public static final class PeerInfo {}

  /** Keeps it, although the letters are there. */
  public static final class Database {}
}
