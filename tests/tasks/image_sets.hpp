#pragma once
#include "support.hpp"

namespace mlz::tasks::test {

/// A data set in the layout of MNIST: image i of `side` x `side` pixels has the value first + i in its first pixel and
/// its neighbour's below, 0 elsewhere, and the class i % classes.
inline void write_image_part(const std::string& folder, const std::string& part, std::uint32_t count,
                             std::uint32_t side, std::uint32_t classes, int first) {
  std::string pixels, labels;
  for (std::uint32_t i = 0; i < count; ++i) {
    std::string image(side * side, '\0');
    image[0] = image[side] = static_cast<char>(first + static_cast<int>(i));
    pixels += image;
    labels.push_back(static_cast<char>(i % classes));
  }
  write_file(folder + "/" + part + "-images-idx3-ubyte", idx_header(8, {count, side, side}) + pixels);
  write_file(folder + "/" + part + "-labels-idx1-ubyte", idx_header(8, {count}) + labels);
}

/// 60 training images from 1 to 60 and 30 test images from 101 to 130, in 6 classes.
inline void write_image_set(const std::string& folder, std::uint32_t side = 4) {
  write_image_part(folder, "train", 60, side, 6, 1);
  write_image_part(folder, "t10k", 30, side, 6, 101);
}

}  // namespace mlz::tasks::test
