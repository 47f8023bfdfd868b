package io.weft.lab.check;

import io.weft.lab.process.Attached;
import io.weft.lab.process.RunningLab;
import io.weft.linux.packet.EchoResult;
import io.weft.linux.packet.IcmpEcho;
import io.weft.net.IpAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;

/** Echo requests between endpoints, some at a time. */
final class Pings {
  /** Threads, each in a blocking call most of the time. */
  private static final int AT_ONCE = 16;

  static final int PAYLOAD = 56;
  static final Duration PATIENCE = Duration.ofSeconds(2);

  private Pings() {}

  /** One endpoint sends to one address of another. */
  record Way(Attached from, Attached to, IpAddress address) {
    @Override
    public String toString() {
      return from.name() + " -> " + to.name() + " " + address;
    }
  }

  /** Every endpoint to every address of every other one of the network that it can reach. */
  static List<Way> allWays(RunningLab lab, String network) {
    var endpoints = lab.attached(network);
    var ways = new ArrayList<Way>();
    for (var from : endpoints) {
      for (var to : endpoints) {
        if (!from.equals(to) && lab.plan().meet(from.node(), to.node())) {
          to.addresses().stream()
              .filter(address -> hasFamilyOf(from, address))
              .forEach(address -> ways.add(new Way(from, to, address)));
        }
      }
    }
    return ways;
  }

  /** True when an endpoint has an address from which it can ask for this one. */
  static boolean hasFamilyOf(Attached endpoint, IpAddress address) {
    return endpoint.addresses().stream().anyMatch(own -> own.isIpv4() == address.isIpv4());
  }

  static EchoResult ping(Way way, int payload) {
    return ping(way.from().namespace(), way.address(), payload, PATIENCE);
  }

  static EchoResult ping(String namespace, IpAddress address, int payload, Duration patience) {
    try (var echo = IcmpEcho.openIn(namespace, address)) {
      return echo.ping(payload, patience);
    }
  }

  /** What of each to do, on platform threads, since waiting in the kernel blocks the carrier. */
  static <T> List<T> inParallel(List<? extends Callable<T>> tasks) throws InterruptedException {
    try (var threads = Executors.newFixedThreadPool(AT_ONCE)) {
      var results = new ArrayList<T>();
      for (var future : threads.invokeAll(tasks)) {
        results.add(future.get());
      }
      return results;
    } catch (ExecutionException e) {
      throw new IllegalStateException(String.valueOf(e.getCause()), e);
    }
  }
}
