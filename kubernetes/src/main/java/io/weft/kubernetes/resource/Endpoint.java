package io.weft.kubernetes.resource;

/** What is attached on a node and is no pod: a virtual machine, a host at a port of the node. */
public record Endpoint(Metadata metadata, EndpointSpec spec) implements Resource {
  @Override
  public Kind kind() {
    return Kind.ENDPOINT;
  }
}
