/* aiocat: blocking calls on a thread; their outcomes come back to the event loop by aio_collection_apply. */
#define _POSIX_C_SOURCE 200809L
#include "file_thread.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Whoever shares our terminal or pipe may have made it non-blocking; then we wait here. */
static bool try_again(const struct file_thread *file) {
  if (errno == EAGAIN || errno == EWOULDBLOCK)
    return poll(&(struct pollfd){file->descriptor, file->writes ? POLLOUT : POLLIN, 0}, 1, -1) >= 0 || errno == EINTR;
  return errno == EINTR;
}

static ssize_t read_some(const struct file_thread *file) {
  for (;;) {
    ssize_t count = read(file->descriptor, file->bytes, file->size);
    if (count >= 0 || !try_again(file)) return count;
  }
}

static ssize_t write_all(const struct file_thread *file) {
  const char *bytes = file->bytes;
  size_t done = 0;
  while (done < file->size) {
    ssize_t count = write(file->descriptor, bytes + done, file->size - done);
    if (count >= 0)
      done += (size_t)count;
    else if (!try_again(file))
      return -1;
  }
  return (ssize_t)done;
}

static void report(void *argument) {
  struct file_thread *file = argument;
  if (!file->stopping) file->callback(file->owner, file->count, file->error);
}

static bool wait_for_job(struct file_thread *file) {
  pthread_mutex_lock(&file->mutex);
  while (!file->bytes && !file->stopping) pthread_cond_wait(&file->changed, &file->mutex);
  bool go_on = !file->stopping;
  pthread_mutex_unlock(&file->mutex);
  return go_on;
}

/* The thread can be canceled nowhere but in the system calls that may block. */
static void *work(void *argument) {
  struct file_thread *file = argument;
  int previous;
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &previous);
  while (wait_for_job(file)) {
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &previous);
    file->count = file->writes ? write_all(file) : read_some(file);
    file->error = errno;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &previous);
    file->bytes = NULL;
    aio_status status = aio_collection_apply(file->collection, report, file);
    if (status != AIO_OK) { /* nobody could ever be told */
      fprintf(stderr, "aiocat: %s\n", aio_status_message(status));
      exit(EXIT_FAILURE);
    }
  }
  return NULL;
}

int file_thread_start(struct file_thread *file) {
  pthread_mutex_init(&file->mutex, NULL);
  pthread_cond_init(&file->changed, NULL);

  sigset_t all, previous; /* signals are the main thread's */
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &previous);
  int error = pthread_create(&file->thread, NULL, work, file);
  pthread_sigmask(SIG_SETMASK, &previous, NULL);
  file->started = error == 0;
  return error;
}

void file_thread_do(struct file_thread *file, void *bytes, size_t size) {
  pthread_mutex_lock(&file->mutex);
  file->size = size;
  file->bytes = bytes;
  pthread_mutex_unlock(&file->mutex);
  pthread_cond_signal(&file->changed);
}

void file_thread_stop(struct file_thread *file) {
  if (!file->started) return;
  pthread_mutex_lock(&file->mutex);
  file->stopping = true;
  pthread_cond_signal(&file->changed);
  pthread_mutex_unlock(&file->mutex);
  pthread_cancel(file->thread);
  pthread_join(file->thread, NULL);
  pthread_mutex_destroy(&file->mutex);
  pthread_cond_destroy(&file->changed);
  file->started = false;
}
