package org.aiostate;

import org.aiostate.low.NativeConstants;

/** Which way bytes move. */
public enum Direction {
  /** Reading and receiving. */
  INPUT(NativeConstants.INPUT),
  /** Writing and sending. */
  OUTPUT(NativeConstants.OUTPUT),
  /** Each by itself. */
  BOTH(NativeConstants.BOTH);

  final int number;

  Direction(int number) {
    this.number = number;
  }
}
