#pragma once
#include <algorithm>
#include <cstring>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "vm/cuda/device.hpp"
#include "vm/cuda/plan.hpp"

namespace mlz::vm::cuda {

/// Memory on a device.
class Allocation {
 public:
  Allocation(Device& device, std::size_t bytes) : device_(&device), data_(device.allocate(bytes)) {}
  Allocation(Allocation&& other) noexcept : device_(other.device_), data_(std::exchange(other.data_, nullptr)) {}
  Allocation& operator=(Allocation&& other) noexcept {
    std::swap(device_, other.device_);
    std::swap(data_, other.data_);
    return *this;
  }
  ~Allocation() {
    if (data_ != nullptr) device_->release(data_);
  }
  template <class T>
  T* as() const {
    return static_cast<T*>(data_);
  }

 private:
  Device* device_;
  void* data_;
};

/// The registers of all lanes on a device, as the host reads and writes them. What it writes for one lane after the
/// other goes over together before the next launch, and what it reads comes back for all lanes together.
template <class T>
class Registers {
 public:
  Registers(Device& device, const BoundProgram& program, const Layout& layout)
      : device_(device),
        program_(program),
        layout_(layout),
        memory_(device, static_cast<std::size_t>(layout.total_entries()) * sizeof(T)) {}

  void* data() const { return memory_.as<void>(); }

  void zero() {
    forget();
    device_.zero(data(), bytes());
  }
  /// The same value in all lanes.
  void fill(RegisterId id, const std::vector<T>& values) {
    const Place to = layout_.place(id);
    if (to.lane_step == 0 || layout_.lanes == 1) return upload(to.offset, values.data(), values.size());
    if (!by_io(id)) {
      for (int lane = 0; lane < layout_.lanes; ++lane) upload(at(to, lane), values.data(), values.size());
      return;
    }
    upload(layout_.io_offset(), values.data(), values.size());
    device_.run(copy_launch({layout_.io_offset(), 0}, to, size(id), layout_.lanes));
  }

  void write(RegisterId id, int lane, std::vector<T> values) {
    cache_.erase(id);
    if (!by_io(id)) return upload(at(layout_.place(id), lane), values.data(), values.size());
    Pending& p = pending_[id];
    if (p.written.empty()) {
      p.written.assign(static_cast<std::size_t>(layout_.lanes), 0);
      p.values.resize(static_cast<std::size_t>(size(id) * layout_.lanes));
    }
    p.count += p.written[static_cast<std::size_t>(lane)] == 0;
    p.written[static_cast<std::size_t>(lane)] = 1;
    std::copy(values.begin(), values.end(), p.values.begin() + lane * size(id));
  }

  /// Hands over what was written, before launches.
  void flush() {
    for (auto& [id, p] : pending_) {
      if (p.count == layout_.lanes)
        scatter(id, p.values);
      else
        write_lanes(id, p);
      std::ranges::fill(p.written, 0);
      p.count = 0;
    }
  }
  /// What was read is old.
  void changed() { cache_.clear(); }

  std::vector<T> read(RegisterId id, int lane) {
    flush();
    const auto n = static_cast<std::size_t>(size(id));
    std::vector<T> out(n);
    if (!by_io(id)) {
      download(at(layout_.place(id), lane), out.data(), n);
      return out;
    }
    std::vector<T>& all = cache_[id];
    if (all.empty()) {
      all.resize(n * static_cast<std::size_t>(layout_.lanes));
      device_.run(copy_launch(layout_.place(id), {layout_.io_offset(), size(id)}, size(id), layout_.lanes));
      download(layout_.io_offset(), all.data(), all.size());
    }
    std::copy_n(all.begin() + lane * size(id), n, out.begin());
    return out;
  }

  /// The registers that are kept, lane after lane, wherever they lie here.
  std::vector<T> save(const std::vector<char>& kept) {
    flush();
    std::vector<T> image = download_all(), out;
    for_each_kept(kept, [&](std::int64_t offset, std::int64_t n) {
      out.insert(out.end(), image.begin() + offset, image.begin() + offset + n);
    });
    return out;
  }
  static std::size_t saved_entries(const BoundProgram& program, const Layout& layout, const std::vector<char>& kept) {
    std::int64_t n = 0;
    for (RegisterId id = 0; id < kept.size(); ++id) {
      if (kept[id] != 0) n += program.registers[id].size() * layout.lanes;
    }
    return static_cast<std::size_t>(n);
  }
  void restore(const std::vector<char>& kept, std::span<const T> saved) {
    forget();
    std::vector<T> image = download_all();
    auto from = saved.begin();
    for_each_kept(kept, [&](std::int64_t offset, std::int64_t n) {
      std::copy(from, from + n, image.begin() + offset);
      from += n;
    });
    upload(0, image.data(), image.size());
  }
  /// Whether what was saved has one value in all lanes for each register that is stored once here.
  bool fits(const std::vector<char>& kept, std::span<const T> saved) const {
    std::int64_t per_lane = static_cast<std::int64_t>(saved.size()) / layout_.lanes, start = 0;
    for (RegisterId id = 0; id < kept.size(); ++id) {
      if (kept[id] == 0) continue;
      for (std::int64_t lane = 1; layout_.shared[id] != 0 && lane < layout_.lanes; ++lane) {
        const T* first = saved.data() + start;
        if (std::memcmp(first, first + lane * per_lane, static_cast<std::size_t>(size(id)) * sizeof(T)) != 0)
          return false;
      }
      start += size(id);
    }
    return true;
  }

 private:
  struct Pending {
    std::vector<T> values;  // of all lanes
    std::vector<char> written;
    int count = 0;
  };
  Device& device_;
  const BoundProgram& program_;
  const Layout& layout_;
  Allocation memory_;
  std::map<RegisterId, Pending> pending_;
  std::map<RegisterId, std::vector<T>> cache_;

  std::int64_t size(RegisterId id) const { return program_.registers[id].size(); }
  std::size_t bytes() const { return static_cast<std::size_t>(layout_.io_offset()) * sizeof(T); }
  std::int64_t at(const Place& p, int lane) const { return p.offset + lane * p.lane_step; }
  bool by_io(RegisterId id) const {
    return layout_.lanes > 1 && layout_.shared[id] == 0 && size(id) * layout_.lanes <= layout_.io_entries;
  }
  void forget() {
    pending_.clear();
    cache_.clear();
  }

  void upload(std::int64_t offset, const T* from, std::size_t n) {
    device_.upload(memory_.as<T>() + offset, from, n * sizeof(T));
  }
  void download(std::int64_t offset, T* to, std::size_t n) {
    device_.download(to, memory_.as<T>() + offset, n * sizeof(T));
  }
  std::vector<T> download_all() {
    std::vector<T> image(static_cast<std::size_t>(layout_.io_offset()));
    download(0, image.data(), image.size());
    return image;
  }
  void scatter(RegisterId id, const std::vector<T>& values) {
    upload(layout_.io_offset(), values.data(), values.size());
    device_.run(copy_launch({layout_.io_offset(), size(id)}, layout_.place(id), size(id), layout_.lanes));
  }
  void write_lanes(RegisterId id, const Pending& p) {
    for (int lane = 0; lane < layout_.lanes; ++lane) {
      if (p.written[static_cast<std::size_t>(lane)] == 0) continue;
      upload(at(layout_.place(id), lane), p.values.data() + lane * size(id), static_cast<std::size_t>(size(id)));
    }
  }
  template <class F>
  void for_each_kept(const std::vector<char>& kept, F f) const {
    for (int lane = 0; lane < layout_.lanes; ++lane) {
      for (RegisterId id = 0; id < kept.size(); ++id) {
        if (kept[id] != 0) f(at(layout_.place(id), lane), size(id));
      }
    }
  }
};

}  // namespace mlz::vm::cuda
