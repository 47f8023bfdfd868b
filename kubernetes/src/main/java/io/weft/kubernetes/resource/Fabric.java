package io.weft.kubernetes.resource;

/** What all nodes have in common. There is one, named {@code default}; without it all defaults. */
public record Fabric(Metadata metadata, FabricSpec spec) implements Resource {
  public static final String NAME = "default";
  public static final Fabric DEFAULT = new Fabric(new Metadata(NAME), FabricSpec.DEFAULT);

  public Fabric {
    if (!metadata.name().equals(NAME)) {
      throw new IllegalArgumentException(
          "the one Fabric is named '" + NAME + "', not '" + metadata.name() + "'");
    }
  }

  @Override
  public Kind kind() {
    return Kind.FABRIC;
  }
}
