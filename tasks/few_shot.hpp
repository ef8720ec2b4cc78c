#pragma once
#include "tasks/options.hpp"

namespace mlz::tasks {

/// Few-shot learning of classes that a lifetime sees for the first time (Vinyals et al. 2016; the two protocols of Irie
/// et al. 2022, arXiv 2202.05780, section 4.2). A lifetime is an episode: `ways` classes drawn from the source,
/// numbered from 0 in drawn order, with `shots` images of each in random order.
///
/// labels=with   An example is its pixels and the one-hot of its label. After them come `queries` other images of
/// classes
///               drawn anew for each, whose slot has the one-hot of class 0, or zeros (blank=zeros). Only these count.
/// labels=after  An example is its pixels; the label comes through Learn, and every prediction counts. data=(a + b) are
/// two
///               such parts one after the other, with labels that begin anew, in random order or as given
///               (order=given), each without a random number up to `shorten` of its last examples.
///
/// Options: data, ways, shots, queries, labels, blank, order, shorten, split, size, rotations, normalise.
std::shared_ptr<const Task> make_few_shot(const Options& options, const DataPaths& paths);

}  // namespace mlz::tasks
