/**
 * Asynchronous sockets: operations that complete once, when the whole job is done, has timed out or has failed.
 *
 * <p>A {@link org.aiostate.Collection} is an event loop, which makes a {@link org.aiostate.State} for each socket. Times are
 * seconds.
 */
package org.aiostate;
