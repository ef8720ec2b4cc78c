#include "tasks/glyphs.hpp"

#include <array>
#include <cmath>
#include <numbers>

namespace mlz::tasks {
namespace {

/// An arc of an ellipse; angles in degrees from the right, growing clockwise on the page.
Stroke arc(float x, float y, float radius_x, float radius_y, float from, float to) {
  constexpr float kStep = 24;
  const int count = static_cast<int>(std::ceil(std::abs(to - from) / kStep));
  Stroke out;
  for (int i = 0; i <= count; ++i) {
    const float degrees = from + (to - from) * static_cast<float>(i) / static_cast<float>(count);
    const float angle = degrees * std::numbers::pi_v<float> / 180;
    out.push_back({x + radius_x * std::cos(angle), y + radius_y * std::sin(angle)});
  }
  return out;
}

Stroke ring(float x, float y, float radius_x, float radius_y) {
  return arc(x, y, radius_x, radius_y, 0, 360);
}

Stroke join(Stroke first, const Stroke& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

std::array<std::vector<Glyph>, 10> make_glyphs() {
  return {{
      {{ring(.5f, .5f, .27f, .4f)}, {ring(.5f, .5f, .2f, .4f)}, {ring(.5f, .52f, .3f, .34f)}},
      {{{{.5f, .1f}, {.5f, .9f}}},
       {{{.34f, .27f}, {.52f, .1f}, {.52f, .9f}}},
       {{{.36f, .26f}, {.52f, .1f}, {.52f, .9f}}, {{.33f, .9f}, {.7f, .9f}}}},
      {{join(arc(.5f, .33f, .25f, .23f, 190, 385), {{.25f, .9f}, {.77f, .9f}})},
       {{{.25f, .14f}, {.7f, .14f}, {.7f, .38f}, {.27f, .88f}, {.78f, .88f}}},
       {join(arc(.48f, .3f, .24f, .2f, 200, 400),
             join(arc(.38f, .8f, .13f, .09f, 180, 330), {{.8f, .88f}}))}},
      {{join(arc(.47f, .3f, .25f, .2f, -150, 90), arc(.47f, .7f, .29f, .2f, -90, 150))},
       {join({{.25f, .1f}, {.72f, .1f}, {.46f, .42f}}, arc(.46f, .66f, .28f, .24f, -80, 150))}},
      {{{{.62f, .9f}, {.62f, .1f}, {.2f, .62f}, {.82f, .62f}}},
       {{{.3f, .1f}, {.25f, .54f}, {.78f, .54f}}, {{.68f, .12f}, {.66f, .9f}}},
       {{{.55f, .1f}, {.2f, .6f}, {.8f, .6f}}, {{.6f, .38f}, {.6f, .9f}}}},
      {{join({{.72f, .1f}, {.32f, .1f}, {.28f, .48f}}, arc(.48f, .66f, .27f, .24f, -140, 145))},
       {join({{.34f, .12f}, {.3f, .46f}}, arc(.46f, .66f, .28f, .24f, -120, 140)),
        {{.34f, .12f}, {.74f, .1f}}}},
      {{join(arc(.7f, .68f, .43f, .58f, 260, 180), arc(.5f, .68f, .23f, .22f, 180, 540))},
       {join({{.62f, .1f}, {.33f, .52f}}, arc(.5f, .68f, .22f, .21f, 200, 560))}},
      {{{{.22f, .12f}, {.77f, .12f}, {.42f, .9f}}},
       {{{.22f, .12f}, {.77f, .12f}, {.42f, .9f}}, {{.38f, .5f}, {.7f, .5f}}},
       {{{.24f, .22f}, {.26f, .12f}, {.75f, .12f}, {.56f, .5f}, {.5f, .9f}}}},
      {{ring(.5f, .3f, .21f, .19f), ring(.5f, .7f, .26f, .21f)},
       {join(arc(.5f, .3f, .21f, .2f, 330, 90),
             join(arc(.5f, .7f, .25f, .2f, -90, 270), arc(.5f, .3f, .22f, .2f, 90, -40)))}},
      {{ring(.5f, .32f, .23f, .22f), {{.73f, .32f}, {.68f, .9f}}},
       {join(arc(.5f, .32f, .23f, .22f, 360, 0), arc(.3f, .32f, .43f, .58f, 0, 75))}},
  }};
}

}  // namespace

const std::vector<Glyph>& digit_glyphs(unsigned digit) {
  static const std::array<std::vector<Glyph>, 10> glyphs = make_glyphs();
  return glyphs[digit];
}

}  // namespace mlz::tasks
