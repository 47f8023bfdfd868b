package io.weft.overlay.forwarding;

/**
 * A link of the node that an endpoint is behind, where no runtime makes an interface for it: a
 * virtual machine, or a host of bare metal. Names are those in the namespace of the underlay.
 */
public sealed interface NodeLink {
  /** IFNAMSIZ (linux/if.h) less the closing zero. */
  int MAX_NAME = 15;

  /** What it is called there. */
  String name();

  /**
   * A link that is the port itself, moved into the tenant's namespace for as long as the endpoint
   * is attached: a port of a network card, or anything else that carries Ethernet frames.
   */
  record Device(String name) implements NodeLink {
    public Device {
      requireName(name);
    }

    @Override
    public String toString() {
      return "link " + name;
    }
  }

  /**
   * The frames with one VLAN's tag on a link that stays where it is (IEEE 802.1Q); several
   * endpoints may share the link.
   *
   * @param name of that link
   * @param id 1..4094
   */
  record Vlan(String name, int id) implements NodeLink {
    /** The largest identifier of a VLAN (IEEE 802.1Q §9.6). */
    public static final int MAX_ID = 4094;

    public Vlan {
      requireName(name);
      if (id < 1 || id > MAX_ID) {
        throw new IllegalArgumentException("VLAN " + id + " is out of 1.." + MAX_ID);
      }
    }

    @Override
    public String toString() {
      return "link " + name + " VLAN " + id;
    }
  }

  /**
   * A tap device, which a hypervisor opens by its name; it stays in the namespace of the underlay,
   * where hypervisors look for it, and is made where it is missing.
   */
  record Tap(String name) implements NodeLink {
    public Tap {
      requireName(name);
    }

    @Override
    public String toString() {
      return "tap " + name;
    }
  }

  private static void requireName(String name) {
    if (!name.matches("[^\\s/:%]{1," + MAX_NAME + "}")
        || name.equals(".")
        || name.equals("..")
        || name.equals("lo")) {
      throw new IllegalArgumentException(
          "'"
              + name
              + "' cannot name a link of the node: 1 to 15 characters without blank, '/', ':' and"
              + " '%', and not the loopback");
    }
  }
}
