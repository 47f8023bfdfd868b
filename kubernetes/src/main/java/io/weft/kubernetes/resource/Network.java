package io.weft.kubernetes.resource;

/** One Layer 2 segment: a MAC-VRF with one VNI (RFC 8365 §5.1). */
public record Network(Metadata metadata, NetworkSpec spec) implements Resource {
  @Override
  public Kind kind() {
    return Kind.NETWORK;
  }
}
