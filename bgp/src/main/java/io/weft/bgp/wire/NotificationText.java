package io.weft.bgp.wire;

import io.weft.bgp.wire.Message.Notification;
import io.weft.net.MalformedInput;
import io.weft.net.OctetReader;
import io.weft.net.Octets;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** NOTIFICATIONs in words, by the names of the IANA registry "BGP Error (Notification) Codes". */
public final class NotificationText {
  private static final int OPEN_ERROR = 2;
  private static final int UNSUPPORTED_CAPABILITY = 7;
  private static final int CEASE = 6;
  private static final int ADMINISTRATIVE_SHUTDOWN = 2;
  private static final int ADMINISTRATIVE_RESET = 4;
  private static final int HARD_RESET = 9;

  /** So many are named, of what a peer may say at length. */
  private static final int MAX_FAMILIES = 16;

  /** A code with its subcodes from 0 on; an empty name is one that is not, or no more, assigned. */
  private record Code(int code, String name, List<String> subcodes) {}

  private static final List<Code> CODES =
      List.of(
          code(
              1,
              "Message Header Error",
              "Unspecific",
              "Connection Not Synchronized",
              "Bad Message Length",
              "Bad Message Type"),
          code(
              2,
              "OPEN Message Error",
              "Unspecific",
              "Unsupported Version Number",
              "Bad Peer AS",
              "Bad BGP Identifier",
              "Unsupported Optional Parameter",
              "",
              "Unacceptable Hold Time",
              "Unsupported Capability",
              "",
              "",
              "",
              "Role Mismatch"),
          code(
              3,
              "UPDATE Message Error",
              "Unspecific",
              "Malformed Attribute List",
              "Unrecognized Well-known Attribute",
              "Missing Well-known Attribute",
              "Attribute Flags Error",
              "Attribute Length Error",
              "Invalid ORIGIN Attribute",
              "",
              "Invalid NEXT_HOP Attribute",
              "Optional Attribute Error",
              "Invalid Network Field",
              "Malformed AS_PATH"),
          code(4, "Hold Timer Expired"),
          code(
              5,
              "Finite State Machine Error",
              "Unspecified Error",
              "Receive Unexpected Message in OpenSent State",
              "Receive Unexpected Message in OpenConfirm State",
              "Receive Unexpected Message in Established State"),
          code(
              CEASE,
              "Cease",
              "Unspecific",
              "Maximum Number of Prefixes Reached",
              "Administrative Shutdown",
              "Peer De-configured",
              "Administrative Reset",
              "Connection Rejected",
              "Other Configuration Change",
              "Connection Collision Resolution",
              "Out of Resources",
              "Hard Reset",
              "BFD Down"),
          code(7, "ROUTE-REFRESH Message Error", "Unspecific", "Invalid Message Length"),
          code(8, "Send Hold Timer Expired"));

  private NotificationText() {}

  private static Code code(int code, String name, String... subcodes) {
    return new Code(code, name, List.of(subcodes));
  }

  /**
   * One line: numbers, names, and what the data says: for a hard reset the wrapped NOTIFICATION
   * (RFC 8538 §3.1), for an administrative stop its text (RFC 9003 §2), for missing families (RFC
   * 5492 §5) their names, else the octets. Never fails; control characters of the peer are
   * replaced.
   */
  public static String describe(Notification notification) {
    var data = notification.data();
    boolean wrapper = notification.code() == CEASE && notification.subcode() == HARD_RESET;
    if (!wrapper || data.length() < 2) {
      return describeOne(notification);
    }
    var rest = Octets.of(Arrays.copyOfRange(data.toArray(), 2, data.length()));
    var head = describeOne(new Notification(CEASE, HARD_RESET, Octets.EMPTY));
    return head + ": " + describeOne(new Notification(data.at(0), data.at(1), rest));
  }

  /** Without unwrapping: a wrapper in a wrapper is not lawful, and a peer could nest thousands. */
  private static String describeOne(Notification notification) {
    int code = notification.code();
    int subcode = notification.subcode();
    var head = code + "/" + subcode + " " + name(code, subcode);
    var data = notification.data();
    if (data.length() == 0) {
      return head;
    }
    if (code == CEASE && (subcode == ADMINISTRATIVE_SHUTDOWN || subcode == ADMINISTRATIVE_RESET)) {
      return head + administrativeText(data);
    }
    if (code == OPEN_ERROR && subcode == UNSUPPORTED_CAPABILITY) {
      var missing = missingFamilies(data);
      if (missing.isPresent()) {
        return head + ": " + missing.get();
      }
    }
    var hex = data.toString();
    return head + ": data " + (hex.length() > 128 ? hex.substring(0, 128) + "..." : hex);
  }

  /** Names of code and subcode alone, such as {@code Cease/Hard Reset}. */
  public static String name(int code, int subcode) {
    for (var row : CODES) {
      if (row.code == code) {
        boolean named = subcode < row.subcodes.size() && !row.subcodes.get(subcode).isEmpty();
        return named
            ? row.name + "/" + row.subcodes.get(subcode)
            : row.name + (subcode == 0 ? "" : "/subcode " + subcode);
      }
    }
    return "code " + code + "/subcode " + subcode;
  }

  /** RFC 5492 §5: families that the peer misses, as they stand in an OPEN; empty: other things. */
  private static Optional<String> missingFamilies(Octets data) {
    var in = new OctetReader(data.toArray());
    var missing = new ArrayList<String>();
    try {
      while (!in.isEmpty() && missing.size() < MAX_FAMILIES) {
        if (!(CapabilityCodec.decode(in) instanceof Capability.Multiprotocol(var family))) {
          return Optional.empty();
        }
        missing.add(family.toString());
      }
      return Optional.of("it misses " + String.join(", ", missing));
    } catch (MalformedInput | SessionReset _) {
      return Optional.empty();
    }
  }

  /** {@code 1 length | UTF-8 text}; a length beyond the data takes what is there. */
  private static String administrativeText(Octets data) {
    int length = Math.min(data.at(0), data.length() - 1);
    var text = new String(data.toArray(), 1, length, StandardCharsets.UTF_8);
    return length == 0 ? "" : ": \"" + text.replaceAll("\\p{Cntrl}", "\ufffd") + "\"";
  }
}
