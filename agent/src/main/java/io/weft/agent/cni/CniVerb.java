package io.weft.agent.cni;

import java.util.Optional;

/** What a runtime asks for: {@code CNI_COMMAND}. */
enum CniVerb {
  ADD(CniVersion.V0_3_0, true),
  DEL(CniVersion.V0_3_0, true),
  CHECK(CniVersion.V0_4_0, true),
  GC(CniVersion.V1_1_0, false),
  STATUS(CniVersion.V1_1_0, false),
  VERSION(CniVersion.V0_3_0, false);

  private final CniVersion since;
  private final boolean ofAttachment;

  CniVerb(CniVersion since, boolean ofAttachment) {
    this.since = since;
    this.ofAttachment = ofAttachment;
  }

  /** The first version that has it. */
  CniVersion since() {
    return since;
  }

  /** True when it is about one interface of one container. */
  boolean isOfAttachment() {
    return ofAttachment;
  }

  static Optional<CniVerb> parse(String text) {
    for (var verb : values()) {
      if (verb.name().equals(text)) {
        return Optional.of(verb);
      }
    }
    return Optional.empty();
  }
}
