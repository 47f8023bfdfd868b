/** What must hold in a running lab, one class for each check. */
@org.jspecify.annotations.NullMarked
package io.weft.lab.check;
