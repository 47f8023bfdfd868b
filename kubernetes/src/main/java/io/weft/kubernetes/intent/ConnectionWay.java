package io.weft.kubernetes.intent;

import io.weft.net.IpPrefix;
import java.util.List;

/**
 * What a connection declares of one direction: a tenant reaches another.
 *
 * @param connection its name
 * @param from who reaches
 * @param to who is reached
 * @param prefixes all that is reached of it; none: everything
 * @param inForce false: nothing is reached, as the remark says
 * @param remark what stands against it, wholly or in part; empty text: nothing
 */
public record ConnectionWay(
    String connection,
    String from,
    String to,
    List<IpPrefix> prefixes,
    boolean inForce,
    String remark) {
  public ConnectionWay {
    prefixes = List.copyOf(prefixes);
  }
}
