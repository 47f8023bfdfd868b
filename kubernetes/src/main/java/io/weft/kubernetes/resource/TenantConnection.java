package io.weft.kubernetes.resource;

import io.weft.net.IpPrefix;
import java.util.List;
import java.util.stream.Stream;

/** Tenants that meet on purpose: each may take in routes of the other, and of nobody else. */
public record TenantConnection(Metadata metadata, Shape shape) implements Resource {

  /** Who meets whom. */
  public sealed interface Shape {
    /** Everybody who is in it, in the order of the file. */
    List<Member> members();
  }

  /** Spokes and hub meet; spokes never meet each other. */
  public record HubAndSpokes(Member hub, List<Member> spokes, Direction direction)
      implements Shape {
    public HubAndSpokes {
      spokes = List.copyOf(spokes);
    }

    @Override
    public List<Member> members() {
      return Stream.concat(Stream.of(hub), spokes.stream()).toList();
    }
  }

  /** Each meets each. */
  public record Mesh(List<Member> members) implements Shape {
    public Mesh {
      members = List.copyOf(members);
    }
  }

  /**
   * One tenant in a connection.
   *
   * @param prefixes all that can be reached of it; none: everything
   * @param field where it stands in the spec: {@code hub}, {@code spokes[0]}
   */
  public record Member(String tenant, List<IpPrefix> prefixes, String field) {
    public Member {
      prefixes = List.copyOf(prefixes);
    }
  }

  /** Where packets can go. */
  public enum Direction {
    BOTH("both"),
    /** From spokes to the hub; there is no way back by this connection. */
    TO_HUB("toHub"),
    /** From the hub to spokes; there is no way back by this connection. */
    TO_SPOKES("toSpokes");

    private final String label;

    Direction(String label) {
      this.label = label;
    }

    public String label() {
      return label;
    }
  }

  @Override
  public Kind kind() {
    return Kind.TENANT_CONNECTION;
  }
}
