/** What happened to a node, on disk: recorded while it runs, and played to the same brain later. */
@org.jspecify.annotations.NullMarked
package io.weft.agent.record;
