/** Attachments: what an endpoint asks for, what it gets, and who has which address. */
@org.jspecify.annotations.NullMarked
package io.weft.overlay.attachment;
