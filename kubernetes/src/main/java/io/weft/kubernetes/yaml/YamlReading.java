package io.weft.kubernetes.yaml;

import java.util.List;

/** What came of reading a file: all its documents, or why it cannot be read at all. */
public sealed interface YamlReading {
  /** In the order of the file; empty documents are left out. */
  record Documents(List<YamlDocument> documents) implements YamlReading {
    public Documents {
      documents = List.copyOf(documents);
    }
  }

  /** Not YAML, not UTF-8, or beyond a limit; nothing of the file should be used. */
  record Unreadable(Problem problem) implements YamlReading {}
}
