// The intrusive list.
#include <initializer_list>

#include "base/list.hpp"
#include "unit.hpp"

namespace aio {

namespace {

struct One;
struct Other;

struct Item : Link<One>, Link<Other> {};

using Items = List<Item, One>;

struct Three {
  explicit Three(Items &items) {
    for (Item *item : {&first, &second, &third}) items.push_back(*item);
  }
  ~Three() {
    for (Item *item : {&first, &second, &third}) item->Link<One>::unlink();
  }
  Item first, second, third;
};

void expect_items(Items &items, std::initializer_list<Item *> expected) {
  Item *item = items.front();
  for (Item *next : expected) {
    assert_ptr_equal(item, next);
    item = items.next(*item);
  }
  assert_null(item);
}

void test_list__begins_empty(void **) {
  Items items;
  assert_true(items.empty());
  assert_null(items.front());
  assert_null(items.pop_front());
}

void test_push_back__appends(void **) {
  Items items;
  Three three(items);
  expect_items(items, {&three.first, &three.second, &three.third});
}

void test_push_front__comes_before_all_others(void **) {
  Items items;
  Three three(items);
  Item early;
  items.push_front(early);
  expect_items(items, {&early, &three.first, &three.second, &three.third});
  items.pop_front();
}

void test_pop_front__unlinks_the_first(void **) {
  Items items;
  Three three(items);
  assert_ptr_equal(items.pop_front(), &three.first);
  assert_false(three.first.Link<One>::linked());
  expect_items(items, {&three.second, &three.third});
}

void test_pop_front__empties_the_list(void **) {
  Items items;
  Three three(items);
  while (items.pop_front() != nullptr) {
  }
  assert_true(items.empty());
}

void test_unlink__in_the_middle_joins_the_neighbours(void **) {
  Items items;
  Three three(items);
  three.second.Link<One>::unlink();
  expect_items(items, {&three.first, &three.third});
}

void test_unlink__at_both_ends(void **) {
  Items items;
  Three three(items);
  three.first.Link<One>::unlink();
  three.third.Link<One>::unlink();
  expect_items(items, {&three.second});
}

void test_unlink__of_what_is_not_linked_is_nothing(void **) {
  Item item;
  item.Link<One>::unlink();
  assert_false(item.Link<One>::linked());
}

void test_unlinked_item__can_join_again(void **) {
  Items items;
  Three three(items);
  three.first.Link<One>::unlink();
  items.push_back(three.first);
  expect_items(items, {&three.second, &three.third, &three.first});
}

void test_item__is_in_one_list_per_tag(void **) {
  Items items;
  List<Item, Other> others;
  Item item;
  items.push_back(item);
  others.push_back(item);
  items.pop_front();
  assert_ptr_equal(others.front(), &item);
  others.pop_front();
}

void test_move_to__appends_in_order(void **) {
  Items from;
  Items to;
  Three early(to);
  Three late(from);
  from.move_to(to);
  assert_true(from.empty());
  expect_items(to, {&early.first, &early.second, &early.third, &late.first, &late.second, &late.third});
}

void test_move_to__fills_an_empty_list(void **) {
  Items from;
  Items to;
  Three three(from);
  from.move_to(to);
  expect_items(to, {&three.first, &three.second, &three.third});
}

void test_move_to__of_nothing_changes_nothing(void **) {
  Items from;
  Items to;
  Three three(to);
  from.move_to(to);
  expect_items(to, {&three.first, &three.second, &three.third});
}

void test_moved_from_list__takes_items_again(void **) {
  Items from;
  Items to;
  Three three(from);
  from.move_to(to);
  Item item;
  from.push_back(item);
  expect_items(from, {&item});
  from.pop_front();
}

const CMUnitTest tests[] = {
    cmocka_unit_test(test_list__begins_empty),
    cmocka_unit_test(test_push_back__appends),
    cmocka_unit_test(test_push_front__comes_before_all_others),
    cmocka_unit_test(test_pop_front__unlinks_the_first),
    cmocka_unit_test(test_pop_front__empties_the_list),
    cmocka_unit_test(test_unlink__in_the_middle_joins_the_neighbours),
    cmocka_unit_test(test_unlink__at_both_ends),
    cmocka_unit_test(test_unlink__of_what_is_not_linked_is_nothing),
    cmocka_unit_test(test_unlinked_item__can_join_again),
    cmocka_unit_test(test_item__is_in_one_list_per_tag),
    cmocka_unit_test(test_move_to__appends_in_order),
    cmocka_unit_test(test_move_to__fills_an_empty_list),
    cmocka_unit_test(test_move_to__of_nothing_changes_nothing),
    cmocka_unit_test(test_moved_from_list__takes_items_again),
};

}  // namespace

}  // namespace aio

int main() { return cmocka_run_group_tests(aio::tests, nullptr, nullptr); }
