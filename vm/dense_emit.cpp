#include <algorithm>
#include <stdexcept>

#include "vm/dense_entry.hpp"

namespace mlz::vm::dense {
namespace {

/// A line of the cache: where registers begin, and the width of the widest vectors.
constexpr std::int64_t kLineBytes = 64;

template <class T>
std::int64_t aligned(std::int64_t entries) {
  constexpr std::int64_t line = kLineBytes / static_cast<std::int64_t>(sizeof(T));
  return (entries + line - 1) / line * line;
}

template <class T>
void run_block(const Entry<T>& e, const Frame<T>& f) {
  Block<T> b{e.rows, e.cols, e.result(f), e.depth, {}, {}};
  for (int k = 0; k < 4; ++k) b.in[k] = e.operand(f, k);
  b.in_step = e.attr;
  e.block(b);
}

template <class T>
void run_copy(const Entry<T>& e, const Frame<T>& f) {
  std::copy_n(e.operand(f, 0), e.cols, e.result(f));
}

/// All members on one tile of b.rows x b.cols entries from (i, j) on.
template <class T>
void run_tile(const Chain<T>& chain, const Frame<T>& f, std::int64_t i, std::int64_t j, Block<T> b) {
  const std::int64_t buffer_size = chain.tile_rows * chain.tile_cols, rows = b.rows, cols = b.cols;
  const auto start = [&](const Place& p) {
    return p.buffer < 0 ? f.memory + p.offset + p.row(i) * p.row_step + j * p.col_step
                        : f.tiles + p.buffer * buffer_size;
  };
  const auto step = [&](const Place& p) {
    return p.buffer >= 0 ? chain.tile_cols : p.repeat > 1 ? 0 : p.row_step;
  };
  for (const ChainMember<T>& m : chain.members) {
    b.rows = m.flat ? 1 : rows;
    b.cols = m.flat ? rows * cols : cols;
    b.out = start(m.out);
    b.out_step = step(m.out);
    for (int k = 0; k < m.in_count; ++k) {
      b.in[k] = start(m.in[k]);
      b.in_step[k] = step(m.in[k]);
    }
    m.block(b);
  }
}

template <class T>
void run_chain(const Entry<T>& e, const Frame<T>& f) {
  const Chain<T>& chain = f.chains[e.index];
  Block<T> b;
  for (std::int64_t i = 0, unit_end = chain.unit; i < chain.rows; i += b.rows) {
    if (i == unit_end) unit_end += chain.unit;
    b.rows = std::min({chain.tile_rows, chain.rows - i, unit_end - i});
    for (std::int64_t j = 0; j < chain.cols; j += chain.tile_cols) {
      b.cols = std::min(chain.tile_cols, chain.cols - j);
      run_tile(chain, f, i, j, b);
    }
  }
}

/// The registers that an operation reads or writes where they lie, and not in a tile.
template <class F>
void for_each_in_memory(const PlanOp& op, F&& f) {
  if (op.kind == PlanOp::Kind::nothing) return;
  if (op.kind == PlanOp::Kind::chain) {
    for (const PlanOp& member : op.members) for_each_in_memory(member, f);
    return;
  }
  if (op.kind == PlanOp::Kind::row) {
    for (int k = 0; k < op.in_count; ++k) {
      if (op.in_buffer[k] < 0) f(op.in[k].reg);
    }
  } else {
    for_each_read(op, f);
  }
  if (op.out_buffer < 0) f(op.out);
}

/// Whether the loops of an operation may write a result over an operand: those that work row by row
/// on what they have read, and those that read their numbers first.
bool works_in_place(OpId op) {
  return op == OpId::softmax || op == OpId::log_softmax || op == OpId::layer_norm ||
         op == OpId::set || op_info(op).has(kRandom);
}

/// Builds the code of one program.
template <class T>
class Emitter {
 public:
  Emitter(const BoundProgram& program, bool use_blas, const Tuning& tuning)
      : program_(program), tuning_(tuning), use_blas_(use_blas) {
    code_.kernels = &kernels<T>(tuning.level);
  }

  Code<T> emit(const Plan& plan, MemoryPlan memory) {
    code_.offset = std::move(memory.offset);
    code_.lane_entries = memory.entries;
    use_blas_ = use_blas_ && needs_blas(plan) && (code_.blas = vm::blas()) != nullptr;
    for (std::size_t f = 0; f < plan.code.size(); ++f) {
      for (const PlanOp& op : plan.code[f]) add(op, code_.entries[f]);
    }
    code_.lane_entries += scratch_;
    return std::move(code_);
  }

 private:
  const BoundProgram& program_;
  const Tuning& tuning_;
  Code<T> code_;
  bool use_blas_;
  std::int64_t scratch_ = 0;  // behind the registers of each lane

  /// BLAS is loaded only for programs that have a product which is worth it.
  bool needs_blas(const Plan& plan) const {
    return std::any_of(plan.code.begin(), plan.code.end(), [&](const std::vector<PlanOp>& code) {
      return std::any_of(code.begin(), code.end(),
                         [&](const PlanOp& op) { return worth_blas(program_, op); });
    });
  }

  void add(const PlanOp& op, std::vector<Entry<T>>& entries) {
    if (op.kind == PlanOp::Kind::row) entries.push_back(unit_of(op) > 0 ? chain(alone(op)) : row(op));
    if (op.kind == PlanOp::Kind::chain) entries.push_back(chain(op));
    if (op.kind == PlanOp::Kind::other) other(op, entries);
  }

  /// A row operation as a chain, which goes over repeated rows.
  static PlanOp alone(const PlanOp& op) {
    PlanOp chain = op;
    chain.kind = PlanOp::Kind::chain;
    chain.in_count = 0;
    chain.members = {op};
    return chain;
  }

  BlockKernel<T> kernel(RowOp op, unsigned pattern) const {
    const BlockKernel<T> found = code_.kernels->blocks[op][pattern];
    if (found == nullptr) throw std::logic_error("no loop for the operands of " + row_op_name(op));
    return found;
  }

  Entry<T> row(const PlanOp& op) {
    const BlockForm form = block_form(op, is_one_row(op));
    Entry<T> e;
    e.run = run_block<T>;
    e.out = code_.offset[op.out] + op.out_first;
    e.rows = form.rows;
    e.cols = form.cols;
    e.depth = op.out_step > 0 ? op.out_step : form.cols;
    for (int k = 0; k < op.in_count; ++k) e.in[k] = code_.offset[op.in[k].reg] + op.in[k].first;
    e.attr = form.row_step;
    e.block = kernel(op.row, form.pattern);
    return e;
  }

  Entry<T> chain(const PlanOp& op) {
    const bool one_row = std::all_of(op.members.begin(), op.members.end(), is_one_row);
    const std::int64_t tile =
        std::max<std::int64_t>(1, tuning_.tile_bytes / static_cast<std::int64_t>(sizeof(T)));
    Chain<T> made;
    made.rows = one_row ? 1 : op.rows;
    made.cols = one_row ? op.rows * op.cols : op.cols;
    made.tile_cols = std::min(tile, made.cols);
    made.tile_rows = std::clamp<std::int64_t>(tile / made.tile_cols, 1, made.rows);
    const std::int64_t unit = unit_of(op);
    made.unit = unit > 0 ? unit : made.rows;
    for (const PlanOp& member : op.members) {
      made.members.push_back(chain_member(member, one_row));
      made.members.back().flat = made.tile_cols == made.cols && is_one_row(member);
    }
    const std::int64_t needed = op.buffers * made.tile_rows * made.tile_cols;
    code_.tile_entries = std::max(code_.tile_entries, needed);
    Entry<T> e;
    e.run = run_chain<T>;
    e.index = static_cast<std::uint32_t>(code_.chains.size());
    code_.chains.push_back(std::move(made));
    return e;
  }

  ChainMember<T> chain_member(const PlanOp& op, bool one_row) {
    const BlockForm form = block_form(op, one_row);
    ChainMember<T> m;
    m.block = kernel(op.row, form.pattern);
    m.out = {op.out_buffer, code_.offset[op.out] + op.out_first, op.out_step > 0 ? op.out_step : form.cols, 1};
    m.in_count = op.in_count;
    for (int k = 0; k < op.in_count; ++k) {
      const View& v = op.in[k];
      m.in[k] = {op.in_buffer[k], code_.offset[v.reg] + v.first, form.row_step[k], form.col_step[k], v.repeat, v.period};
    }
    return m;
  }

  void other(const PlanOp& op, std::vector<Entry<T>>& entries) {
    Entry<T> e;
    e.out = code_.offset[op.out];
    bool reads_out = false;
    for (int k = 0; k < op.source.in_count; ++k) {
      e.in[k] = code_.offset[op.source.in[k]];
      reads_out = reads_out || op.source.in[k] == op.out;
    }
    const bool known = emit_move(program_, op, e) || emit_draw(program_, op, e) ||
                       emit_reduction(program_, op, e) || emit_product(program_, op, use_blas_, e);
    if (!known)
      throw std::logic_error("the dense engine does not know the operation " +
                             op_info(op.source.op).name());
    reserve(op);
    const bool aside = reads_out && !works_in_place(op.source.op);
    if (aside) e.out = code_.lane_entries;
    entries.push_back(e);
    if (aside) entries.push_back(copy_back(op));
  }

  /// Room for what loops put aside.
  void reserve(const PlanOp& op) {
    const std::int64_t size = program_.registers[op.out].size();
    if (op_info(op.source.op).has(kRandom)) code_.draw_entries = std::max(code_.draw_entries, size);
    if (op.source.op == OpId::max_pool || op.source.op == OpId::mean_pool) {
      const std::int64_t window =
          op.source.attr[2] * op.source.attr[2] * program_.registers[op.out].cols;
      code_.tile_entries = std::max(code_.tile_entries, window);
    }
  }

  /// From scratch behind the registers, where a result was made because the operation reads the old
  /// one.
  Entry<T> copy_back(const PlanOp& op) {
    Entry<T> e;
    e.run = run_copy<T>;
    e.out = code_.offset[op.out];
    e.in[0] = code_.lane_entries;
    e.cols = program_.registers[op.out].size();
    scratch_ = std::max(scratch_, aligned<T>(e.cols));
    return e;
  }
};

}  // namespace

bool is_one_row(const PlanOp& op) {
  if (op.out_step > 0) return false;
  for (int k = 0; k < op.in_count; ++k) {
    const View& v = op.in[k];
    if (!v.is_plain() || (!v.is_scalar() && (v.rows != op.rows || v.cols != op.cols))) return false;
  }
  return true;
}

BlockForm block_form(const PlanOp& op, bool one_row) {
  BlockForm form;
  form.one_row = one_row;
  form.rows = one_row ? 1 : op.rows;
  form.cols = one_row ? op.rows * op.cols : op.cols;
  for (int k = 0; k < op.in_count; ++k) {
    const View& v = op.in[k];
    const bool full = v.rows == op.rows && v.cols == op.cols;
    const bool per_row = full ? false : v.cols == 1;
    if (per_row) form.pattern |= 1u << k;
    form.row_step[k] = v.step > 0 ? v.step : full ? form.cols : v.rows == 1 ? 0 : v.cols;
    form.col_step[k] = per_row ? 0 : 1;
  }
  // A product of two needs its factor per row as one number; in a single entry that is the same.
  if (op.rows * op.cols == 1 && (op.row == kAddScaled || op.row == kSubScaled)) form.pattern |= 2;
  return form;
}

template <class T>
MemoryPlan plan_memory(const Optimised& optimised, const Plan& plan) {
  std::vector<std::int64_t> sizes;
  for (const BoundRegister& r : optimised.program.registers) sizes.push_back(aligned<T>(r.size()));
  MemoryPlanner planner(optimised.program, std::move(sizes), optimised.kept);
  for (const auto& code : plan.code) {
    for (const PlanOp& op : code) {
      for_each_in_memory(op, [&](RegisterId id) { planner.use(id); });
      planner.next_moment();
    }
  }
  return planner.plan();
}
template MemoryPlan plan_memory<double>(const Optimised&, const Plan&);
template MemoryPlan plan_memory<float>(const Optimised&, const Plan&);

template <class T>
Code<T> make_code(const Optimised& optimised, const Plan& plan, bool use_blas,
                  const Tuning& tuning) {
  return Emitter<T>(optimised.program, use_blas, tuning).emit(plan, plan_memory<T>(optimised, plan));
}
template Code<double> make_code(const Optimised&, const Plan&, bool, const Tuning&);
template Code<float> make_code(const Optimised&, const Plan&, bool, const Tuning&);

}  // namespace mlz::vm::dense
