/* aiocat: a thread for the calls on a file, pipe or terminal that may block, so that the event loop never waits. */
#ifndef AIOCAT_FILE_THREAD_H
#define AIOCAT_FILE_THREAD_H

#include <aiostate/aiostate.h>

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

/* Runs on the event loop: `count` bytes were moved, 0 is the end of the file; or -1 and errno's value. */
typedef void (*file_callback)(void *owner, ssize_t count, int error);

struct file_thread {
  aio_collection *collection;
  int descriptor; /* stays the owner's */
  bool writes;    /* empties blocks instead of filling them */
  file_callback callback;
  void *owner;

  pthread_t thread;
  pthread_mutex_t mutex; /* guards `bytes` and `stopping` */
  pthread_cond_t changed;
  void *bytes; /* the job, or NULL */
  size_t size;
  ssize_t count; /* its outcome, handed over by aio_collection_apply */
  int error;
  bool stopping;
  bool started;
};

/* Starts the thread on what the first five fields say, the others being zero. Returns 0 or an error number. */
int file_thread_start(struct file_thread *file);

/* Reads up to `size` bytes, or writes all of them. One job at a time: the next may follow in the callback. */
void file_thread_do(struct file_thread *file, void *bytes, size_t size);

/* Ends the thread, also in the middle of a call that blocks. No callback begins after this. Legal if never started. */
void file_thread_stop(struct file_thread *file);

#endif
