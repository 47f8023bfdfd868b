package io.weft.bgp.speaker;

import io.weft.bgp.speaker.SpeakerEffect.BestPathChanged;
import io.weft.bgp.speaker.SpeakerEffect.Close;
import io.weft.bgp.speaker.SpeakerEffect.Connect;
import io.weft.bgp.speaker.SpeakerEffect.EndOfRibReceived;
import io.weft.bgp.speaker.SpeakerEffect.PeerDown;
import io.weft.bgp.speaker.SpeakerEffect.PeerUp;
import io.weft.bgp.speaker.SpeakerEffect.Report;
import io.weft.bgp.speaker.SpeakerEffect.Send;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.Message;
import io.weft.net.IpAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Gathers what one step wants done. They come out as: news of peers, best paths, ends of RIB (so
 * that what they swept is known before), one Send per connection, closes, connects.
 */
final class Outbox {
  private final boolean tellsBestPaths;
  private final List<SpeakerEffect> news = new ArrayList<>();
  private final List<SpeakerEffect> bestPaths = new ArrayList<>();
  private final List<SpeakerEffect> endsOfRib = new ArrayList<>();
  private final Map<Long, List<Message>> sends = new LinkedHashMap<>();
  private final List<SpeakerEffect> closes = new ArrayList<>();
  private final List<SpeakerEffect> connects = new ArrayList<>();

  Outbox(boolean tellsBestPaths) {
    this.tellsBestPaths = tellsBestPaths;
  }

  /** True when somebody here uses best paths. */
  boolean tellsBestPaths() {
    return tellsBestPaths;
  }

  void report(IpAddress peer, String text) {
    news.add(new Report(peer, text));
  }

  void peerUp(IpAddress peer) {
    news.add(new PeerUp(peer));
  }

  void peerDown(IpAddress peer, String reason) {
    news.add(new PeerDown(peer, reason));
  }

  void bestPath(BestPathChanged change) {
    bestPaths.add(change);
  }

  void endOfRib(IpAddress peer, Family family) {
    endsOfRib.add(new EndOfRibReceived(peer, family));
  }

  /** The list is kept, and must not change: many connections may be given the same. */
  void send(long connection, List<Message> messages) {
    sends.merge(connection, messages, Outbox::joined);
  }

  private static List<Message> joined(List<Message> first, List<Message> second) {
    var all = new ArrayList<Message>(first.size() + second.size());
    all.addAll(first);
    all.addAll(second);
    return all;
  }

  void close(long connection, String reason) {
    closes.add(new Close(connection, reason));
  }

  void connect(IpAddress peer) {
    connects.add(new Connect(peer));
  }

  List<SpeakerEffect> drain() {
    var effects =
        new ArrayList<SpeakerEffect>(
            news.size() + bestPaths.size() + endsOfRib.size() + sends.size());
    effects.addAll(news);
    effects.addAll(bestPaths);
    effects.addAll(endsOfRib);
    sends.forEach((connection, messages) -> effects.add(new Send(connection, messages)));
    effects.addAll(closes);
    effects.addAll(connects);
    news.clear();
    bestPaths.clear();
    endsOfRib.clear();
    sends.clear();
    closes.clear();
    connects.clear();
    return Collections.unmodifiableList(effects);
  }
}
