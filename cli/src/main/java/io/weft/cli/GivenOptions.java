package io.weft.cli;

import io.weft.agent.bgp.BgpTransport;
import io.weft.agent.reflector.ReflectorOptions.Given;
import io.weft.net.AutonomousSystem;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** A reflector's settings on the command line, instead of a directory of files. */
final class GivenOptions {
  @Option(
      names = "--listen",
      required = true,
      paramLabel = "ADDRESS[:PORT]",
      converter = ToEndpoint.class,
      description = "Run without files, on this address; [IPv6]:PORT (default port: 179).")
  private Endpoint listen = new Endpoint(new Ipv4Address(0), BgpTransport.PORT);

  @Option(
      names = "--asn",
      required = true,
      paramLabel = "NUMBER",
      converter = ToAutonomousSystem.class,
      description = "Its AS, and the clients': 1..4294967295.")
  private AutonomousSystem asn = new AutonomousSystem(1);

  @Option(
      names = "--clients",
      required = true,
      paramLabel = "PREFIX",
      converter = ToPrefix.class,
      description = "Whoever connects from here is a client; may be repeated.")
  private List<IpPrefix> clients = List.of();

  @Option(
      names = "--router-id",
      paramLabel = "ID",
      converter = ToIpv4.class,
      description = "BGP identifier A.B.C.D (default: the address it listens on, if IPv4).")
  private @Nullable Ipv4Address routerId;

  @Option(
      names = "--cluster-id",
      paramLabel = "ID",
      converter = ToIpv4.class,
      description = "Its cluster A.B.C.D, RFC 4456 (default: the router id).")
  private @Nullable Ipv4Address clusterId;

  /** What {@code ADDRESS[:PORT]} says. */
  record Endpoint(IpAddress address, int port) {
    static Endpoint parse(String text) {
      if (text.startsWith("[")) {
        int end = text.indexOf(']');
        if (end < 0) {
          throw new IllegalArgumentException("'" + text + "' lacks the closing bracket");
        }
        var rest = text.substring(end + 1);
        return new Endpoint(
            IpAddress.parse(text.substring(1, end)),
            rest.isEmpty() ? BgpTransport.PORT : port(rest));
      }
      int colon = text.indexOf(':');
      boolean hasPort = colon >= 0 && colon == text.lastIndexOf(':');
      return hasPort
          ? new Endpoint(IpAddress.parse(text.substring(0, colon)), port(text.substring(colon)))
          : new Endpoint(IpAddress.parse(text), BgpTransport.PORT);
    }

    private static int port(String colonAndNumber) {
      if (!colonAndNumber.matches(":[0-9]{1,5}")) {
        throw new IllegalArgumentException(
            "'" + colonAndNumber + "' is not a port (':' and number)");
      }
      return Integer.parseInt(colonAndNumber.substring(1));
    }
  }

  /**
   * What the options say together.
   *
   * @throws IllegalArgumentException when they make no reflector
   */
  Given given() {
    return new Given(
        listen.address(),
        listen.port(),
        asn,
        identifier(),
        clusterId == null ? identifier() : clusterId,
        clients);
  }

  private Ipv4Address identifier() {
    if (routerId != null) {
      return routerId;
    }
    if (listen.address() instanceof Ipv4Address address && !address.isUnspecified()) {
      return address;
    }
    throw new IllegalArgumentException(
        "--listen " + listen.address() + " is no BGP identifier: give --router-id A.B.C.D");
  }

  private static <T> T converted(String text, Function<String, T> parse) {
    try {
      return parse.apply(text);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(String.valueOf(e.getMessage()));
    }
  }

  /** For picocli, which makes it by reflection. */
  static final class ToEndpoint implements ITypeConverter<Endpoint> {
    @Override
    public Endpoint convert(String text) {
      return converted(text, Endpoint::parse);
    }
  }

  /** For picocli. */
  static final class ToAutonomousSystem implements ITypeConverter<AutonomousSystem> {
    @Override
    public AutonomousSystem convert(String text) {
      if (!text.matches("[0-9]{1,10}")) {
        throw new TypeConversionException("'" + text + "' is not a number in 1..4294967295");
      }
      return converted(text, number -> new AutonomousSystem(Long.parseLong(number)));
    }
  }

  /** For picocli. */
  static final class ToPrefix implements ITypeConverter<IpPrefix> {
    @Override
    public IpPrefix convert(String text) {
      return converted(text, IpPrefix::parse);
    }
  }

  /** For picocli. */
  static final class ToIpv4 implements ITypeConverter<Ipv4Address> {
    @Override
    public Ipv4Address convert(String text) {
      return converted(text, Ipv4Address::parse);
    }
  }
}
