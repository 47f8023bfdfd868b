package io.weft.agent.record;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.net.Octets;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.node.NodeEvent;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Nothing in an event, however deep, is of a class that cannot be written and read. */
class EventTextTest {
  private static final Set<Class<?>> KNOWN =
      Set.of(
          boolean.class,
          int.class,
          long.class,
          Integer.class,
          Long.class,
          String.class,
          Octets.class,
          ForwardingKey.class,
          List.class,
          Optional.class,
          OptionalInt.class,
          OptionalLong.class,
          SortedMap.class,
          SortedSet.class);

  private final TreeSet<String> seen = new TreeSet<>();
  private final TreeSet<String> strange = new TreeSet<>();
  private final TreeSet<String> secret = new TreeSet<>();

  @Test
  void allThatEventsAreMadeOfIsKnown() {
    look(NodeEvent.class, "");
    assertThat(seen).hasSizeGreaterThan(100);
    assertThat(strange).isEmpty();
  }

  /** The brains have no secrets: what is secret between neighbours is the shell's alone. */
  @Test
  void noEventHasASecret() {
    look(NodeEvent.class, "");
    assertThat(secret).isEmpty();
  }

  private void look(Type type, String where) {
    switch (type) {
      case ParameterizedType generic -> {
        look(generic.getRawType(), where);
        for (var argument : generic.getActualTypeArguments()) {
          look(argument, where);
        }
      }
      case WildcardType some -> look(some.getUpperBounds()[0], where);
      case TypeVariable<?> variable -> look(variable.getBounds()[0], where);
      default -> look((Class<?>) type, where);
    }
  }

  private void look(Class<?> type, String where) {
    if (!seen.add(type.getName()) || KNOWN.contains(type)) {
      return;
    }
    if (type.isSealed()) {
      for (var one : type.getPermittedSubclasses()) {
        look(one, type.getName());
      }
    } else if (type.isRecord()) {
      for (var component : type.getRecordComponents()) {
        if (component.getName().matches("(?i).*(secret|password).*")) {
          secret.add(type.getName() + "." + component.getName());
        }
        look(component.getGenericType(), type.getName());
      }
    } else if (!type.isEnum()) {
      strange.add(type.getName() + " in " + where);
    }
  }
}
