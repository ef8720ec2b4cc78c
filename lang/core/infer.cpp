#include "lang/core/infer.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace mlz {
namespace {

using Attributes = std::vector<std::vector<StaticExpr>>;

struct Request {
  const OpInfo& op;
  const std::vector<Shape>& in;
  const Attributes& attributes;
  const SizeTable& sizes;

  const std::vector<StaticExpr>& values(std::string_view name) const {
    static const std::vector<StaticExpr> none;
    const int i = op.attribute(name);
    return i < 0 || static_cast<std::size_t>(i) >= attributes.size() ? none : attributes[static_cast<std::size_t>(i)];
  }
  std::optional<Dim> whole(std::string_view name) const {
    const auto& found = values(name);
    return found.empty() ? std::nullopt : Dim::of(found[0], sizes);
  }
  /// 0 or 1, or -1 when it is left out; -2 when it is anything else.
  int axis() const {
    if (values("axis").empty()) return -1;
    const std::optional<Dim> dim = whole("axis");
    const auto value = dim ? dim->constant() : std::nullopt;
    return value == 0 ? 0 : value == 1 ? 1 : -2;
  }
};

Inferred bad_axis() { return Inferred::bad("axis must be 0 (down the columns) or 1 (along the rows)"); }

Inferred clash(const Shape& a, const Shape& b) {
  return Inferred::bad(fmt::format("shapes {} and {} do not fit", a.print(), b.print()));
}

/// The same, where a vector and a matrix would fit with the vector as a column.
Inferred row_clash(const Shape& a, const Shape& b) {
  Inferred bad = clash(a, b);
  const Shape &vector = a.kind == Kind::vector ? a : b, &matrix = a.kind == Kind::vector ? b : a;
  if (vector.kind == Kind::vector && matrix.kind == Kind::matrix && vector.dims[0] == matrix.dims[0]) {
    bad.hint = fmt::format("a vector stands for a row here; as a column, with a number for each row: reshape(v, ({}, 1))",
                           vector.dims[0].print());
  }
  return bad;
}

/// Two dimensions under broadcasting: equal, or one of them literally 1.
std::optional<Dim> joined(const Dim& a, const Dim& b) {
  if (a == b || b.is_one()) return a;
  if (a.is_one()) return b;
  return {};
}

Inferred broadcast_pair(const Shape& a, const Shape& b) {
  if (a.kind == Kind::scalar) return {b, {}};
  if (b.kind == Kind::scalar) return {a, {}};
  if (a.kind == Kind::vector && b.kind == Kind::vector) {
    const auto n = joined(a.dims[0], b.dims[0]);
    return n ? Inferred{Shape::vector(*n), {}} : clash(a, b);
  }
  const auto as_matrix = [](const Shape& s) { return s.kind == Kind::vector ? Shape::matrix(Dim(1), s.dims[0]) : s; };
  const Shape left = as_matrix(a), right = as_matrix(b);
  const auto rows = joined(left.dims[0], right.dims[0]);
  const auto cols = joined(left.dims[1], right.dims[1]);
  return rows && cols ? Inferred{Shape::matrix(*rows, *cols), {}} : row_clash(a, b);
}

Inferred broadcast(const Request& r) {
  Inferred result{r.in[0], {}};
  for (std::size_t i = 1; i < r.in.size() && result.ok(); ++i) result = broadcast_pair(result.shape, r.in[i]);
  return result;
}

Inferred shaped(const Request& r) {
  const auto& dims = r.values("shape");
  if (dims.empty()) return {Shape::scalar(), {}};
  std::vector<Dim> sizes;
  for (const StaticExpr& expr : dims) {
    const auto dim = Dim::of(expr, r.sizes);
    if (!dim) return Inferred::bad(fmt::format("`{}` is not a whole number, so it cannot be a size", expr.print()));
    sizes.push_back(*dim);
  }
  if (sizes.size() == 1) return {Shape::vector(sizes[0]), {}};
  if (sizes.size() == 2) return {Shape::matrix(sizes[0], sizes[1]), {}};
  return Inferred::bad("a shape has one size or two");
}

Inferred reshape(const Request& r) {
  const Inferred wanted = shaped(r);
  if (!wanted.ok()) return wanted;
  if (wanted.shape.elements() == r.in[0].elements()) return wanted;
  const bool negative = std::any_of(wanted.shape.dims.begin(), wanted.shape.dims.end(),
                                    [](const Dim& d) { return d.constant().value_or(1) < 0; });
  return {{},
          fmt::format("{} has {} entries and {} has {}", r.in[0].print(), r.in[0].elements().print(),
                      wanted.shape.print(), wanted.shape.elements().print()),
          negative ? "no size is worked out from the others; name them all" : ""};
}

Inferred concat_vectors(const Request& r) {
  Dim total(0);
  for (const Shape& s : r.in) total = total + s.dims[0];
  return {Shape::vector(total), {}};
}

Inferred concat(const Request& r) {
  const int axis = r.axis();
  if (axis == -2) return bad_axis();
  const bool matrices = std::any_of(r.in.begin(), r.in.end(), [](const Shape& s) { return s.kind == Kind::matrix; });
  if (!matrices) return concat_vectors(r);
  if (!std::all_of(r.in.begin(), r.in.end(), [](const Shape& s) { return s.kind == Kind::matrix; })) {
    return {{}, "vectors join with vectors and matrices with matrices",
            "reshape(v, (1, n)) makes a row of a vector, reshape(v, (n, 1)) a column"};
  }
  const std::size_t along = axis == 1 ? 1 : 0;
  Shape total = r.in[0];
  for (std::size_t i = 1; i < r.in.size(); ++i) {
    if (!(r.in[i].dims[1 - along] == total.dims[1 - along])) return clash(r.in[0], r.in[i]);
    total.dims[along] = total.dims[along] + r.in[i].dims[along];
  }
  return {total, {}};
}

Inferred onehot(const Request& r) {
  const auto n = r.whole("n");
  if (!n) return Inferred::bad("the number of entries must be a whole number known before the run");
  return {r.in[0].kind == Kind::scalar ? Shape::vector(*n) : Shape::matrix(r.in[0].dims[0], *n), {}};
}

Inferred repeated(const Request& r, bool group) {
  const auto times = r.whole("times");
  if (!times) return Inferred::bad("the number of times must be a whole number known before the run");
  Shape out = r.in[0];
  if (!group) {
    out.dims[0] = out.dims[0] * *times;
    return {out, {}};
  }
  const auto rows = out.dims[0].divided_by(*times);
  if (!rows) {
    return Inferred::bad(fmt::format("{} rows are not a multiple of {}", out.dims[0].print(), times->print()));
  }
  out.dims[0] = *rows;
  return {out, {}};
}

Inferred product(const Request& r) {
  const Shape &a = r.in[0], &b = r.in[1];
  const Dim& left = a.dims[a.kind == Kind::matrix ? 1 : 0];
  if (!(left == b.dims[0])) {
    Inferred bad = clash(a, b);
    bad.error += fmt::format(": the product sums over {} on the left and {} on the right", left.print(),
                             b.dims[0].print());
    return bad;
  }
  if (r.op.rule == ShapeRule::dot) return {Shape::scalar(), {}};
  if (r.op.rule == ShapeRule::matvec) return {Shape::vector(a.dims[0]), {}};
  if (r.op.rule == ShapeRule::vecmat) return {Shape::vector(b.dims[1]), {}};
  return {Shape::matrix(a.dims[0], b.dims[1]), {}};
}

Inferred reduce(const Request& r) {
  const int axis = r.axis();
  const Shape& a = r.in[0];
  if (axis == -2 || (axis == 1 && a.kind == Kind::vector)) return bad_axis();
  if (r.op.rule == ShapeRule::argmax && axis == -1 && a.kind == Kind::matrix) {
    return Inferred::bad("argmax of a matrix needs axis=0 or axis=1");
  }
  if (axis == -1 || a.kind == Kind::vector) return {Shape::scalar(), {}};
  return {Shape::vector(a.dims[axis == 0 ? 1 : 0]), {}};
}

Inferred unfold(const Request& r) {
  const auto h = r.whole("height"), w = r.whole("width"), c = r.whole("channels"), k = r.whole("kernel");
  if (!h || !w || !c || !k) return Inferred::bad("height, width, channels and kernel must be whole numbers");
  const Dim entries = *h * *w * *c;
  if (!(r.in[0].elements() == entries)) {
    return Inferred::bad(fmt::format("{} has {} entries, height * width * channels is {}", r.in[0].print(),
                                     r.in[0].elements().print(), entries.print()));
  }
  return {Shape::matrix(*h * *w, *k * *k * *c), {}};
}

Inferred pool(const Request& r) {
  const auto h = r.whole("height"), w = r.whole("width"), k = r.whole("window");
  if (!h || !w || !k) return Inferred::bad("height, width and window must be whole numbers");
  if (!(r.in[0].dims[0] == *h * *w)) {
    return Inferred::bad(fmt::format("{} has {} rows, height * width is {}", r.in[0].print(),
                                     r.in[0].dims[0].print(), (*h * *w).print()));
  }
  const auto blocks = [&](const Dim& side) {
    return Dim::of(StaticExpr::call("//", {side.expr(), k->expr()}), r.sizes).value_or(Dim(1));
  };
  return {Shape::matrix(blocks(*h) * blocks(*w), r.in[0].dims[1]), {}};
}

Inferred counted(const Request& r) {
  const auto n = r.whole("n");
  return n ? Inferred{Shape::vector(*n), {}} : Inferred::bad("the length must be a whole number known before the run");
}

Inferred square(const Request& r) {
  const int axis = r.axis();
  if (axis < 0) return bad_axis();
  return {Shape::matrix(r.in[0].dims[0], r.in[0].dims[0]), {}};
}

/// The number of entries one position of an index keeps, or nothing with the reason.
std::optional<Dim> kept(const Index& index, const Dim& full, const SizeTable& sizes, std::string& why) {
  if (index.kind == Index::Kind::all) return full;
  const auto at = [&](const StaticExpr& expr, const Dim& missing) -> std::optional<Dim> {
    if (!expr) return missing;
    const auto dim = Dim::of(expr, sizes);
    if (!dim) why = fmt::format("`{}` is not a whole number, so it cannot be an index", expr.print());
    if (dim && dim->constant().value_or(0) < 0) return full + *dim;
    return dim;
  };
  const auto lo = at(index.lo, Dim(0));
  if (!lo || index.kind == Index::Kind::at) return lo ? std::optional<Dim>(Dim(1)) : std::nullopt;
  const auto hi = at(index.hi, full);
  if (!hi) return {};
  const Dim length = *hi - *lo;
  if (length.constant().value_or(1) <= 0) {
    why = fmt::format("the slice {} is empty", index.print());
    return {};
  }
  return length;
}

}  // namespace

Inferred infer_shape(const OpInfo& op, const std::vector<Shape>& in, const Attributes& attributes,
                     const SizeTable& sizes) {
  const Request r{op, in, attributes, sizes};
  switch (op.rule) {
    case ShapeRule::broadcast: return broadcast(r);
    case ShapeRule::none:
    case ShapeRule::constant: return {Shape::scalar(), {}};
    case ShapeRule::same: return {in[0], {}};
    case ShapeRule::shaped: return shaped(r);
    case ShapeRule::iota: return counted(r);
    case ShapeRule::features_vector: return {Shape::vector(*Dim::of(StaticExpr::name("features"), sizes)), {}};
    case ShapeRule::square: return square(r);
    case ShapeRule::reshape: return reshape(r);
    case ShapeRule::concat: return concat(r);
    case ShapeRule::transpose: return {Shape::matrix(in[0].dims[1], in[0].dims[0]), {}};
    case ShapeRule::onehot: return onehot(r);
    case ShapeRule::repeat: return repeated(r, false);
    case ShapeRule::group: return repeated(r, true);
    case ShapeRule::dot:
    case ShapeRule::matvec:
    case ShapeRule::vecmat:
    case ShapeRule::matmul: return product(r);
    case ShapeRule::outer: return {Shape::matrix(in[0].dims[0], in[1].dims[0]), {}};
    case ShapeRule::reduce:
    case ShapeRule::argmax: return reduce(r);
    case ShapeRule::unfold: return unfold(r);
    case ShapeRule::pool: return pool(r);
    case ShapeRule::index_get:
    case ShapeRule::index_set: break;
  }
  return Inferred::bad("this operation has no shape rule of its own");
}

Inferred index_shape(const Shape& of, const std::vector<Index>& index, const SizeTable& sizes) {
  const std::size_t rank = static_cast<std::size_t>(of.kind);
  if (rank == 0) return Inferred::bad("a scalar cannot be indexed");
  if (index.size() > rank) {
    return Inferred::bad(fmt::format("{} takes at most {} ind{}", of.print(), rank, rank == 1 ? "ex" : "ices"));
  }
  std::vector<Dim> left;
  for (std::size_t i = 0; i < rank; ++i) {
    const Index position = i < index.size() ? index[i] : Index{};
    std::string why;
    const auto length = kept(position, of.dims[i], sizes, why);
    if (!length) return Inferred::bad(why);
    if (position.kind != Index::Kind::at && position.kind != Index::Kind::fraction) left.push_back(*length);
  }
  if (left.empty()) return {Shape::scalar(), {}};
  return {left.size() == 1 ? Shape::vector(left[0]) : Shape::matrix(left[0], left[1]), {}};
}

}  // namespace mlz
