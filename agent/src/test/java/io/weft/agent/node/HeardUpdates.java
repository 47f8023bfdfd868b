package io.weft.agent.node;

import io.weft.bgp.wire.Message;
import io.weft.net.RouteTarget;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A neighbour that says nothing, and counts the UPDATEs that come. */
final class HeardUpdates implements RoutePeer.Wanted {
  /** In the text of a route of EVPN: the router id of a node, and a number. */
  private static final Pattern DISTINGUISHER = Pattern.compile("10\\.99\\.0\\.\\d+:(\\d+) ");

  private final BlockingQueue<Message.Update> heard = new LinkedBlockingQueue<>();

  @Override
  public void say(RoutePeer peer, RouteTarget target) {}

  @Override
  public void heard(Message.Update update) {
    heard.add(update);
  }

  /** The numbers of the distinguishers in what came until it is quiet: each is of one VNI. */
  Set<String> distinguishers() throws Exception {
    var numbers = new TreeSet<String>();
    int updates = 0;
    var update = heard.poll(1, TimeUnit.SECONDS);
    while (update != null) {
      updates++;
      var routes = Stream.concat(update.announced().stream(), update.withdrawn().stream());
      routes
          .map(route -> DISTINGUISHER.matcher(route.toString()))
          .filter(Matcher::find)
          .forEach(found -> numbers.add(found.group(1)));
      update = heard.poll(1, TimeUnit.SECONDS);
    }
    System.out.println(updates + " UPDATEs, of " + numbers);
    return numbers;
  }
}
