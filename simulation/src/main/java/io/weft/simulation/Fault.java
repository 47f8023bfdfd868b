package io.weft.simulation;

import java.util.Locale;

/** What can happen to a simulated fabric. */
public enum Fault {
  /** The agent dies; its kernel forwards on; it comes back after 1 to 20 s. */
  NODE_CRASH,
  /** A reflector dies and comes back with nothing after 1 to 20 s. */
  REFLECTOR_CRASH,
  /** The agents of all nodes are replaced, one after the other; each is away for 0.2 to 2 s. */
  AGENT_UPGRADE,
  /** A node loses power for 5 to 60 s: its kernel is empty then, and nobody was told. */
  NODE_POWER_LOSS,
  /** The same happens to a third of the nodes and to a reflector at once. */
  RACK_POWER_LOSS,
  /** A process, of a node or a reflector, does not run for 1 to 200 s, and does not know it. */
  PAUSE,
  /** The clock of a process jumps forwards by 1 s to 1 h. */
  CLOCK_JUMP,
  /** A process takes 0.1 to 10 s for what came, for 10 to 60 s. */
  SLOW_PEER,
  /** Nothing passes between a node and a reflector, for 1 to 120 s. */
  PARTITION,
  /** The same in one direction only. */
  ONE_WAY_PARTITION,
  /** One in two to ten packets between a node and a reflector is lost, for 5 to 60 s. */
  PACKET_LOSS,
  /** What passes between a node and a reflector takes 0.1 to 5 s longer, for 5 to 60 s. */
  DELAY,
  /** The connections between a node and a reflector break. */
  CONNECTION_RESET,
  /** Someone removes an object of ours from a kernel. */
  FOREIGN_HAND,
  /** Someone alters an object of ours in a kernel, or puts one there that nobody wants. */
  FOREIGN_WRITE,
  /** A kernel refuses one kind of object for 1 to 5 s. */
  KERNEL_REFUSAL,
  /** A kernel says nothing of what others do, for 1 to 20 s, and then that it lost notices. */
  LOST_NOTICES,
  /** One pod comes and another goes. */
  CHURN,
  /** All pods of a node go at once, and as many come. */
  MASS_CHURN,
  /** A pod's interface vanishes with the pod, and nobody says a word. */
  POD_DEATH,
  /** A pod moves, there before it is gone here. */
  MIGRATION,
  /** All pods of a node move to others at once. */
  MASS_MIGRATION,
  /** A pod comes to another node, and leaves it again after 0.05 to 2 s: it stays where it was. */
  FAILED_MIGRATION,
  /** A pod moves, and comes back after 0.5 to 2.5 s. */
  THERE_AND_BACK,
  /** A MAC with its address is in two places for 5 to 60 s; then one of the two goes. */
  DUPLICATE_MAC,
  /** Another pod has the address of one, with another MAC and elsewhere, for 5 to 60 s. */
  DUPLICATE_IP,
  /** A node has the VTEP address of another one for 1 to 30 s. */
  DUPLICATE_VTEP,
  /** A node has another VTEP address for 1 to 30 s. */
  VTEP_CHANGE,
  /**
   * A network gets another VNI, route target or second subnet, or its tenant another L3 VNI; nodes
   * hear of it within 5 s, one after the other.
   */
  INTENT_CHANGE,
  /**
   * For 5 to 30 s a client of all reflectors says UPDATEs that are damaged: wrong lengths, octets
   * changed, left away or put in.
   */
  MALFORMED_PEER,
  /**
   * For 5 to 30 s a client of all reflectors claims what others have for its own VTEP, with any MAC
   * mobility, router's MAC, VNI, route target, prefix and many communities.
   */
  HOSTILE_PEER;

  /** As it is written on a command line. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
