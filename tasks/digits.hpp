#pragma once
#include <span>

#include "tasks/draw_keys.hpp"
#include "tasks/options.hpp"

namespace mlz::tasks {

/// Draws the digit 0 .. 9 as size x size grey levels, ink 255 on 0: one of its forms, bent, turned,
/// sheared, scaled and shifted, with a pen of random width and strength, under normal noise of
/// deviation `noise` (1 is full ink). A pure function of its arguments.
void draw_digit(const DrawKey& key, unsigned digit, std::size_t size, double noise,
                std::span<std::uint8_t> out);

/// Images of digits drawn from the seed, in need of no files. Example i of a part depends on (seed,
/// index, part, i) only. Options: size, train, valid, test, epochs, noise, classes.
std::shared_ptr<const Task> make_digits(const std::string& name, const Options& options);

}  // namespace mlz::tasks
