@org.jspecify.annotations.NullMarked
package io.weft.agent.cluster;
