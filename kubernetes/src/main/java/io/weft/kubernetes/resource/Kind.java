package io.weft.kubernetes.resource;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.SequencedMap;

/** The kinds of resources, by the names that stand in files. */
public enum Kind {
  FABRIC("Fabric"),
  TENANT("Tenant"),
  NETWORK("Network"),
  TENANT_CONNECTION("TenantConnection"),
  ENDPOINT("Endpoint");

  /** In the order above. */
  public static final SequencedMap<String, Kind> BY_LABEL = byLabel();

  private final String label;

  Kind(String label) {
    this.label = label;
  }

  public String label() {
    return label;
  }

  private static SequencedMap<String, Kind> byLabel() {
    var kinds = new LinkedHashMap<String, Kind>();
    for (var kind : values()) {
      kinds.put(kind.label, kind);
    }
    return Collections.unmodifiableSequencedMap(kinds);
  }
}
