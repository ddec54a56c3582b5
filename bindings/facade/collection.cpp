#include "collection.hpp"

#include "event.hpp"
#include "submission.hpp"

namespace aiostate {

bool CollectionBase::take(Event *event) {
  while (std::unique_ptr<Completion> taken = loop_->take())
    if (event->hold(std::move(taken))) return true;
  return false;
}

void CollectionBase::apply(int token) {
  Submission submission(loop_, token);
  submission.accept(aio_collection_apply(Loop::Use(*loop_).handle(), on_applied, submission.completion()));
}

}  // namespace aiostate
