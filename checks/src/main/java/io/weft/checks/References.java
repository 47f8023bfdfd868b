package io.weft.checks;

import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeElement;
import java.lang.classfile.MethodModel;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.ConstantDynamicEntry;
import java.lang.classfile.constantpool.LoadableConstantEntry;
import java.lang.classfile.constantpool.MemberRefEntry;
import java.lang.classfile.constantpool.MethodHandleEntry;
import java.lang.classfile.constantpool.NameAndTypeEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.lang.classfile.constantpool.Utf8Entry;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.NewObjectInstruction;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Everything that a compiled class mentions: calls, fields and constructions with the method they
 * stand in (method references and lambdas included), then every other class that its constant pool
 * names, so that nothing is missed: types of fields and parameters, generics, annotations, casts.
 */
final class References {
  private static final Pattern TYPE_IN_DESCRIPTOR = Pattern.compile("L((?:[\\w$]+/)+[\\w$]+)[;<]");

  private References() {}

  static List<Reference> of(ClassModel model) {
    var found = new ArrayList<Reference>();
    for (MethodModel method : model.methods()) {
      String place = name(model) + "." + method.methodName().stringValue();
      method.code().ifPresent(code -> code.forEach(element -> inCode(place, element, found::add)));
    }
    found.removeIf(reference -> reference.type().startsWith("[")); // clone() of primitives
    Set<String> placed =
        found.stream().map(Reference::type).collect(Collectors.toCollection(LinkedHashSet::new));
    for (String type : typesInPool(model)) {
      if (placed.add(type)) {
        found.add(Reference.toType(name(model), type));
      }
    }
    return found;
  }

  /** The name of a class as in {@code java.util.Map$Entry}. */
  static String name(ClassModel model) {
    return name(model.thisClass());
  }

  static String name(ClassEntry entry) {
    String internal = entry.asInternalName();
    var inArray = TYPE_IN_DESCRIPTOR.matcher(internal);
    return (internal.startsWith("[") && inArray.find() ? inArray.group(1) : internal)
        .replace('/', '.');
  }

  private static void inCode(String place, CodeElement element, Consumer<Reference> found) {
    switch (element) {
      case InvokeInstruction call ->
          found.accept(
              Reference.toMember(
                  place, name(call.owner()), call.name().stringValue(), call.type().stringValue()));
      case FieldInstruction field ->
          found.accept(
              Reference.toMember(
                  place,
                  name(field.owner()),
                  field.name().stringValue(),
                  field.type().stringValue()));
      case NewObjectInstruction creation ->
          found.accept(Reference.toType(place, name(creation.className())));
      case ConstantInstruction.LoadConstantInstruction load ->
          inConstant(place, load.constantEntry(), found);
      case InvokeDynamicInstruction dynamic ->
          dynamic
              .invokedynamic()
              .bootstrap()
              .arguments()
              .forEach(argument -> inConstant(place, argument, found));
      default -> {} // the other types are in the constant pool
    }
  }

  private static void inConstant(
      String place, LoadableConstantEntry constant, Consumer<Reference> found) {
    switch (constant) {
      case MethodHandleEntry handle -> inMember(place, handle.reference(), found);
      case ClassEntry type -> found.accept(Reference.toType(place, name(type)));
      case ConstantDynamicEntry dynamic ->
          dynamic.bootstrap().arguments().forEach(argument -> inConstant(place, argument, found));
      default -> {}
    }
  }

  private static void inMember(String place, MemberRefEntry member, Consumer<Reference> found) {
    found.accept(
        Reference.toMember(
            place, name(member.owner()), member.name().stringValue(), member.type().stringValue()));
  }

  /** A string constant that looks like a descriptor is taken for one: better than to miss one. */
  private static Set<String> typesInPool(ClassModel model) {
    var types = new LinkedHashSet<String>();
    for (PoolEntry entry : model.constantPool()) {
      switch (entry) {
        case ClassEntry type -> types.add(name(type));
        case Utf8Entry text -> addTypes(text.stringValue(), types);
        case NameAndTypeEntry member -> addTypes(member.type().stringValue(), types);
        default -> {}
      }
    }
    types.removeIf(type -> type.startsWith("[")); // arrays of primitives
    return types;
  }

  private static void addTypes(String descriptor, Set<String> types) {
    TYPE_IN_DESCRIPTOR
        .matcher(descriptor)
        .results()
        .forEach(found -> types.add(found.group(1).replace('/', '.')));
  }
}
