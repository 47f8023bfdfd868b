package io.weft.kubernetes.resource;

/** A community that policies match and set: standard (RFC 1997) or large (RFC 8092). */
public sealed interface Community {
  /**
   * Standard: {@code 65000:100}.
   *
   * @param as 0..65535
   * @param number 0..65535
   */
  record Standard(int as, int number) implements Community {
    public Standard {
      require(as, 0xffff, as + ":" + number);
      require(number, 0xffff, as + ":" + number);
    }

    @Override
    public String toString() {
      return as + ":" + number;
    }
  }

  /** Large: {@code 4200000000:1:2}, each 0..2^32-1. */
  record Large(long as, long first, long second) implements Community {
    public Large {
      for (var part : new long[] {as, first, second}) {
        require(part, 0xffff_ffffL, as + ":" + first + ":" + second);
      }
    }

    @Override
    public String toString() {
      return as + ":" + first + ":" + second;
    }
  }

  /**
   * Reads {@code AS:number}, {@code AS:number:number}, or a name of the registry of well-known
   * communities: no-export, no-advertise, no-export-subconfed, no-peer, graceful-shutdown,
   * blackhole.
   *
   * @throws IllegalArgumentException for any other text
   */
  static Community parse(String text) {
    return switch (text) {
      case "graceful-shutdown" -> new Standard(0xffff, 0); // RFC 8326 §5
      case "blackhole" -> new Standard(0xffff, 666); // RFC 7999 §5
      case "no-export" -> new Standard(0xffff, 0xff01); // RFC 1997
      case "no-advertise" -> new Standard(0xffff, 0xff02);
      case "no-export-subconfed" -> new Standard(0xffff, 0xff03);
      case "no-peer" -> new Standard(0xffff, 0xff04); // RFC 3765 §2
      default -> ofNumbers(text);
    };
  }

  private static Community ofNumbers(String text) {
    if (!text.matches("[0-9]{1,10}(:[0-9]{1,10}){1,2}")) {
      throw new IllegalArgumentException(
          "'" + text + "' is not a community (AS:number, AS:number:number, or no-export)");
    }
    var parts = text.split(":", -1);
    long as = Long.parseLong(parts[0]);
    long first = Long.parseLong(parts[1]);
    if (parts.length == 3) {
      return new Large(as, first, Long.parseLong(parts[2]));
    }
    require(as, 0xffff, text);
    require(first, 0xffff, text);
    return new Standard((int) as, (int) first);
  }

  private static void require(long part, long most, String text) {
    if (part < 0 || part > most) {
      throw new IllegalArgumentException(
          "community " + text + ": " + part + " is out of 0.." + most);
    }
  }
}
