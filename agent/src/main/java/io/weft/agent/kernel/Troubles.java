package io.weft.agent.kernel;

import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Says in the log what is wrong with a namespace, once: it comes again with every look. */
final class Troubles {
  private static final Logger LOG = LoggerFactory.getLogger(Troubles.class);

  private final TreeMap<String, String> said = new TreeMap<>();

  void say(String namespace, String trouble) {
    if (!trouble.equals(said.put(namespace, trouble))) {
      LOG.warn("network namespace {} {}", namespace, trouble);
    }
  }

  void over(String namespace) {
    said.remove(namespace);
  }
}
