package io.weft.checks;

import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeModel;
import java.lang.classfile.Label;
import java.lang.classfile.MethodModel;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LabelTarget;
import java.lang.classfile.instruction.LineNumber;
import java.lang.classfile.instruction.LocalVariable;
import java.lang.classfile.instruction.StoreInstruction;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * No iteration in the order of a hash, in a pure module. {@code Set.of}, {@code Map.of} and their
 * like iterate in another order in each run, a {@code HashSet} of records with an enum changes its
 * order when unrelated code takes identity hashes: one such loop, and two runs differ.
 *
 * <p>A {@code HashMap} or {@code HashSet} may be made for looking things up. It must then be kept
 * in a variable or field of exactly that type, because only so do the bytes show, at a call, that a
 * hash collection is iterated. What remains unseen: one that is passed on as a {@code Collection}
 * to another method.
 */
public final class HashOrderRule {
  private static final String NAME = "hash order";
  private static final String WAY_OUT =
      "; use TreeMap, LinkedHashMap, EnumMap, LinkedHashSet or List";

  private static final Set<String> HASHES = Set.of("java.util.HashMap", "java.util.HashSet");

  private static final Set<String> ITERATIONS =
      Set.of(
          "clone",
          "entrySet",
          "forEach",
          "iterator",
          "keySet",
          "parallelStream",
          "replaceAll",
          "spliterator",
          "stream",
          "toArray",
          "toString",
          "values");

  private static final Set<String> SHUFFLED =
      Set.of(
          "java.util.Map.copyOf",
          "java.util.Map.of",
          "java.util.Map.ofEntries",
          "java.util.Set.copyOf",
          "java.util.Set.of",
          "java.util.stream.Collectors.groupingBy",
          "java.util.stream.Collectors.groupingByConcurrent",
          "java.util.stream.Collectors.toConcurrentMap",
          "java.util.stream.Collectors.toMap",
          "java.util.stream.Collectors.toSet",
          "java.util.stream.Collectors.toUnmodifiableMap",
          "java.util.stream.Collectors.toUnmodifiableSet");

  private static final String WALK = "io.weft.net.KeyTable.forEach";

  /** Walks for looks at it, which sort what they tell (decisions/0046); nobody else does. */
  private static final String WALKER = "io/weft/simulation/SimulatedKernel";

  private HashOrderRule() {}

  /** Where {@code model}, a class of a pure module, iterates in the order of a hash, or may. */
  public static List<Violation> check(ClassModel model) {
    var violations = new ArrayList<Violation>();
    boolean walks = model.thisClass().asInternalName().equals(WALKER);
    for (Reference reference : References.of(model)) {
      reference
          .member()
          .filter(member -> !(walks && WALK.equals(reference.type() + "." + member.name())))
          .flatMap(member -> refusal(reference.type(), member))
          .ifPresent(why -> violations.add(new Violation(NAME, reference.place(), why)));
    }
    for (MethodModel method : model.methods()) {
      String place = References.name(model) + "." + method.methodName().stringValue();
      method.code().ifPresent(code -> checkConstructions(place, code, violations));
    }
    return violations.stream().distinct().toList();
  }

  private static Optional<String> refusal(String type, Reference.Member member) {
    String use = type + "." + member.name();
    if (use.equals(WALK) || HASHES.contains(type) && ITERATIONS.contains(member.name())) {
      return Optional.of(use + " goes in the order of hashes" + WAY_OUT);
    }
    // With a supplier of the map (toMap's fourth, groupingBy's second parameter) the order is its
    // own.
    if (SHUFFLED.contains(use) && !member.descriptor().contains("Ljava/util/function/Supplier;")) {
      return Optional.of(use + " has another order in each run" + WAY_OUT);
    }
    return Optional.empty();
  }

  private static void checkConstructions(String place, CodeModel code, List<Violation> violations) {
    List<CodeElement> elements =
        code.elementList().stream().filter(element -> !(element instanceof LineNumber)).toList();
    for (int i = 0; i < elements.size() - 1; i++) {
      if (elements.get(i) instanceof InvokeInstruction call
          && call.name().equalsString("<init>")
          && HASHES.contains(References.name(call.owner()))) {
        String type = References.name(call.owner());
        if (!keptAs(type, elements, i + 1) && !isSuperCall(elements, type)) {
          violations.add(
              new Violation(
                  NAME, place, "new " + type + " is not kept as what it is: declare it " + type));
        }
      }
    }
  }

  /** Whether the instruction after the construction stores it where its type stays visible. */
  private static boolean keptAs(String type, List<CodeElement> elements, int next) {
    String descriptor = "L" + type.replace('.', '/') + ";";
    return switch (elements.get(next)) {
      case FieldInstruction field -> field.type().equalsString(descriptor);
      case StoreInstruction store ->
          elements.stream()
              .anyMatch(
                  element ->
                      element instanceof LocalVariable variable
                          && variable.slot() == store.slot()
                          && variable.type().equalsString(descriptor)
                          && startsAt(variable.startScope(), elements, next + 1));
      default -> false;
    };
  }

  /** A variable's scope begins right behind the store that gives it its first value. */
  private static boolean startsAt(Label label, List<CodeElement> elements, int from) {
    for (int i = from; i < elements.size(); i++) {
      switch (elements.get(i)) {
        case LabelTarget target -> {
          if (target.label().equals(label)) {
            return true;
          }
        }
        case LocalVariable _ -> {}
        default -> {
          return false;
        }
      }
    }
    return false;
  }

  /**
   * In a subclass's constructor {@code super()} is no construction: no {@code new} stands before.
   */
  private static boolean isSuperCall(List<CodeElement> elements, String type) {
    return elements.stream()
        .noneMatch(
            element ->
                element instanceof java.lang.classfile.instruction.NewObjectInstruction creation
                    && creation.opcode() == Opcode.NEW
                    && References.name(creation.className()).equals(type));
  }
}
