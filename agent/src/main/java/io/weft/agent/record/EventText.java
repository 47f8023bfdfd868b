package io.weft.agent.record;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.net.Octets;
import io.weft.overlay.forwarding.ForwardingKey;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.lang.reflect.WildcardType;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Events of a brain as JSON, and back. Events are values: records of records, texts, numbers, lists
 * and so on, so that their components say it all, and no event needs a codec of its own
 * (decisions/0039). Where a component can be one of several records, {@code is} names the one.
 */
final class EventText {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
  private static final String IS = "is";
  private static final String OURS = "io.weft.";

  private EventText() {}

  /** A value where {@code declared} is expected. */
  static JsonNode write(Object value, Type declared) {
    return switch (value) {
      case String text -> NODES.textNode(text);
      case Boolean truth -> NODES.booleanNode(truth);
      case Integer number -> NODES.numberNode(number);
      case Long number -> NODES.numberNode(number);
      case Enum<?> constant -> NODES.textNode(constant.name());
      case Octets octets -> NODES.textNode(octets.toString());
      case ForwardingKey key ->
          NODES
              .arrayNode()
              .add(key.kind().name())
              .add(key.namespace())
              .add(key.vni())
              .add(key.discriminator());
      case Optional<?> some ->
          some.isPresent() ? write(some.get(), argument(declared, 0)) : NODES.nullNode();
      case OptionalInt some ->
          some.isPresent() ? NODES.numberNode(some.getAsInt()) : NODES.nullNode();
      case OptionalLong some ->
          some.isPresent() ? NODES.numberNode(some.getAsLong()) : NODES.nullNode();
      case Collection<?> many -> {
        var array = NODES.arrayNode();
        many.forEach(one -> array.add(write(one, argument(declared, 0))));
        yield array;
      }
      case Map<?, ?> map -> {
        var array = NODES.arrayNode();
        map.forEach(
            (key, of) ->
                array
                    .addArray()
                    .add(write(key, argument(declared, 0)))
                    .add(write(of, argument(declared, 1))));
        yield array;
      }
      case Record record -> write(record, declared);
      default -> throw new IllegalArgumentException("no event has a " + value.getClass());
    };
  }

  private static ObjectNode write(Record record, Type declared) {
    var object = NODES.objectNode();
    if (raw(declared) != record.getClass()) {
      object.put(IS, record.getClass().getName().substring(OURS.length()));
    }
    for (var component : record.getClass().getRecordComponents()) {
      try {
        var accessor = component.getAccessor();
        accessor.setAccessible(true);
        object.set(component.getName(), write(accessor.invoke(record), component.getGenericType()));
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException(e);
      }
    }
    return object;
  }

  /**
   * The value that was written where {@code declared} was expected.
   *
   * @throws IllegalArgumentException when it was written by something else, or is damaged
   */
  static Object read(JsonNode node, Type declared) {
    var type = raw(declared);
    if (type == Optional.class) {
      return node.isNull() ? Optional.empty() : Optional.of(read(node, argument(declared, 0)));
    } else if (type == OptionalInt.class) {
      return node.isNull() ? OptionalInt.empty() : OptionalInt.of(node.intValue());
    } else if (type == OptionalLong.class) {
      return node.isNull() ? OptionalLong.empty() : OptionalLong.of(node.longValue());
    } else if (type == String.class) {
      return node.textValue();
    } else if (type == boolean.class || type == Boolean.class) {
      return node.booleanValue();
    } else if (type == int.class || type == Integer.class) {
      return node.intValue();
    } else if (type == long.class || type == Long.class) {
      return node.longValue();
    } else if (type == Octets.class) {
      return Octets.parse(node.asText());
    } else if (type == ForwardingKey.class) {
      return new ForwardingKey(
          ForwardingKey.Kind.valueOf(node.path(0).asText()),
          node.path(1).asText(),
          node.path(2).intValue(),
          node.path(3).asText());
    } else if (type == SortedMap.class) {
      var map = new TreeMap<Object, Object>();
      node.forEach(
          pair ->
              map.put(
                  read(pair.path(0), argument(declared, 0)),
                  read(pair.path(1), argument(declared, 1))));
      return map;
    } else if (Collection.class.isAssignableFrom(type)) {
      var many = new ArrayList<Object>(node.size());
      node.forEach(one -> many.add(read(one, argument(declared, 0))));
      return type == SortedSet.class ? new TreeSet<>(many) : Collections.unmodifiableList(many);
    }
    return readOurs(node, type);
  }

  private static Object readOurs(JsonNode node, Class<?> declared) {
    try {
      var type =
          node.has(IS) ? Class.forName(OURS + node.path(IS).asText(), false, loader()) : declared;
      if (type.isEnum()) {
        for (var constant : type.getEnumConstants()) {
          if (((Enum<?>) constant).name().equals(node.textValue())) {
            return constant;
          }
        }
      }
      if (!type.isRecord() || !declared.isAssignableFrom(type)) {
        throw new IllegalArgumentException("no " + declared.getSimpleName() + ": " + node);
      }
      return record(node, type);
    } catch (ClassNotFoundException e) {
      throw new IllegalArgumentException("of another version of Weft: " + e.getMessage());
    }
  }

  private static Object record(JsonNode node, Class<?> type) {
    var components = type.getRecordComponents();
    var types = new ArrayList<Class<?>>();
    var values = new ArrayList<Object>();
    for (RecordComponent component : components) {
      if (!node.has(component.getName())) {
        throw new IllegalArgumentException(
            "of another version of Weft: %s without %s"
                .formatted(type.getSimpleName(), component.getName()));
      }
      types.add(component.getType());
      values.add(read(node.path(component.getName()), component.getGenericType()));
    }
    try {
      var constructor = type.getDeclaredConstructor(types.toArray(Class<?>[]::new));
      constructor.setAccessible(true);
      return constructor.newInstance(values.toArray());
    } catch (ReflectiveOperationException e) {
      throw new IllegalArgumentException(type.getSimpleName() + " cannot be: " + e.getCause(), e);
    }
  }

  private static ClassLoader loader() {
    return EventText.class.getClassLoader();
  }

  private static Class<?> raw(Type type) {
    return switch (type) {
      case Class<?> simple -> simple;
      case ParameterizedType generic -> raw(generic.getRawType());
      case WildcardType some -> raw(some.getUpperBounds()[0]);
      default -> Record.class; // a type variable: the record says what it is
    };
  }

  private static Type argument(Type type, int index) {
    return type instanceof ParameterizedType generic
        ? generic.getActualTypeArguments()[index]
        : Record.class;
  }

  /** Events that were written by {@link #write} as a list. */
  static <E> List<E> events(JsonNode array, Class<E> type) {
    var events = new ArrayList<E>();
    array.forEach(node -> events.add(type.cast(read(node, type))));
    return events;
  }
}
