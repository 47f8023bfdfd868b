package io.weft.bgp.session;

import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.Message.Notification;
import io.weft.net.OctetWriter;
import io.weft.net.Octets;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** NOTIFICATION codes that a speaker sends by itself (RFC 4271 §4.5, RFC 4486 §3, RFC 6608 §4). */
public final class Notifications {
  public static final Notification BAD_PEER_AS = of(2, 2);
  public static final Notification BAD_BGP_IDENTIFIER = of(2, 3);
  public static final Notification UNACCEPTABLE_HOLD_TIME = of(2, 6);

  public static final Notification HOLD_TIMER_EXPIRED = of(4, 0);
  public static final Notification UNEXPECTED_IN_OPEN_SENT = of(5, 1);
  public static final Notification UNEXPECTED_IN_OPEN_CONFIRM = of(5, 2);
  public static final Notification UNEXPECTED_IN_ESTABLISHED = of(5, 3);
  public static final Notification MAXIMUM_ROUTES = of(6, 1);
  public static final Notification PEER_DECONFIGURED = of(6, 3);
  public static final Notification CONNECTION_REJECTED = of(6, 5);
  public static final Notification CONFIGURATION_CHANGE = of(6, 6);
  public static final Notification CONNECTION_COLLISION = of(6, 7);

  /** BFD Down (RFC 9384 §3). */
  public static final Notification BFD_DOWN = of(6, 10);

  private static final int CEASE = 6;
  private static final int SHUTDOWN = 2;
  private static final int HARD_RESET = 9;

  private Notifications() {}

  /** Administrative Shutdown with its text: {@code 1 length | UTF-8} (RFC 9003 §2). */
  public static Notification shutdown(String text) {
    var octets = text.getBytes(StandardCharsets.UTF_8);
    var data = new OctetWriter().u8(octets.length).bytes(octets);
    return new Notification(CEASE, SHUTDOWN, Octets.of(data.toArray()));
  }

  /** Hard Reset around what it is about: {@code 1 code | 1 subcode | data} (RFC 8538 §3.1). */
  static Notification hardReset(Notification about) {
    var data = new OctetWriter().u8(about.code()).u8(about.subcode()).octets(about.data());
    return new Notification(CEASE, HARD_RESET, Octets.of(data.toArray()));
  }

  static boolean isHardReset(Notification notification) {
    return notification.code() == CEASE && notification.subcode() == HARD_RESET;
  }

  /** RFC 5492 §3: the data are the capabilities that were missed, as in OPEN (RFC 4760 §8). */
  public static Notification familiesMissing(List<Family> families) {
    var data = new OctetWriter();
    families.forEach(family -> data.u8(1).u8(4).u16(family.afi()).u8(0).u8(family.safi()));
    return new Notification(2, 7, Octets.of(data.toArray()));
  }

  private static Notification of(int code, int subcode) {
    return new Notification(code, subcode, Octets.EMPTY);
  }
}
