/** What a daemon counts, for Prometheus and whoever reads its format: docs/metrics.md. */
@NullMarked
package io.weft.agent.metrics;

import org.jspecify.annotations.NullMarked;
