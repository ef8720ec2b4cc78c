#pragma once
#include "tasks/image_source.hpp"

namespace mlz::tasks {

/// Whether data=NAME is drawn from the seed: glyphs, digits, random or sum_sign.
bool is_drawn(const std::string& name);

/// glyphs    Characters nobody has seen (strokes.hpp), new in every lifetime, each drawn by many hands; 28 x 28.
/// digits    Those of the task digits, drawn one by one; 28 x 28.
/// random    20 images of normal pixels with random labels out of 10, new in every lifetime; 28 x 28.
/// sum_sign  Truncated normal pixels around a mean from U(-1, 1), new for each image; class 1 where their sum is above
/// 0. The last two are those of Kirsch and Schmidhuber 2021 (arXiv 2012.14905), with data new for each lifetime.
/// Lifetimes of different splits share nothing.
std::shared_ptr<const ImageSource> make_drawn_images(const SourceRequest& request);

}  // namespace mlz::tasks
