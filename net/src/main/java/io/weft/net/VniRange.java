package io.weft.net;

/** VNIs from {@code first} to {@code last}, both included. */
public record VniRange(Vni first, Vni last) {
  public VniRange {
    if (first.value() > last.value()) {
      throw new IllegalArgumentException("VNI range " + first + "-" + last + " is empty");
    }
  }

  /** Reads {@code first-last}, such as {@code 10000-99999}. */
  public static VniRange parse(String text) {
    if (!text.matches("[0-9]{1,8}-[0-9]{1,8}")) {
      throw new IllegalArgumentException("'" + text + "' is not a VNI range (first-last)");
    }
    int dash = text.indexOf('-');
    return new VniRange(
        new Vni(Integer.parseInt(text.substring(0, dash))),
        new Vni(Integer.parseInt(text.substring(dash + 1))));
  }

  /** How many VNIs the range holds. */
  public int size() {
    return last.value() - first.value() + 1;
  }

  public boolean contains(Vni vni) {
    return vni.compareTo(first) >= 0 && vni.compareTo(last) <= 0;
  }

  @Override
  public String toString() {
    return first + "-" + last;
  }
}
