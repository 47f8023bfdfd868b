package io.weft.simulation;

import io.weft.bgp.wire.Message;

/** Routes of EVPN that a machine has said and taken back so far, to each of its peers. */
final class SaidRoutes {
  private long announced;
  private long withdrawn;

  /** A BGP message leaves. */
  void sent(Message message) {
    if (message instanceof Message.Update update) {
      announced += Frames.routes(update.announced());
      withdrawn += Frames.routes(update.withdrawn());
    }
  }

  long announced() {
    return announced;
  }

  long withdrawn() {
    return withdrawn;
  }
}
