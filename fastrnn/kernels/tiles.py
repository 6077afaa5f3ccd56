"""Vector instructions for LLVM, written out: LLVM keeps no tile of sums in registers over an outer loop."""

from typing import Any

from llvmlite import ir
from numba.core import cgutils

I32, I64 = ir.IntType(32), ir.IntType(64)


class Tile:
    """Emits loads, stores and tiles of sums, as vectors of an element type."""

    def __init__(self, context: Any, builder: Any, dtype: Any, lanes: int, *, fused: bool = False) -> None:
        """lanes: elements per vector; fused: round a product and its sum once."""
        self.context, self.builder, self.fused = context, builder, fused
        self.real = context.get_data_type(dtype)
        self.bytes, self.lanes = dtype.bitwidth // 8, lanes
        self.vector = ir.VectorType(self.real, self.lanes)

    def array(self, ty: Any, value: Any) -> Any:
        return self.context.make_array(ty)(self.context, self.builder, value)

    def load(self, base: Any, offset: Any) -> Any:
        return self.builder.load(self._at(base, offset), align=self.bytes)

    def store(self, value: Any, base: Any, offset: Any) -> None:
        self.builder.store(value, self._at(base, offset), align=self.bytes)

    def _at(self, base: Any, offset: Any) -> Any:
        return self.builder.bitcast(self.builder.gep(base, [offset]), self.vector.as_pointer())

    def splat(self, pointer: Any) -> Any:
        undefined, zeros = ir.Constant(self.vector, ir.Undefined), ir.VectorType(I32, self.lanes)
        first = self.builder.insert_element(undefined, self.builder.load(pointer), I32(0))
        return self.builder.shuffle_vector(first, undefined, ir.Constant(zeros, None))

    def add_product(self, x: Any, y: Any, total: Any) -> Any:
        if not self.fused:
            return self.builder.fadd(total, self.builder.fmul(x, y))
        name = f'llvm.fma.v{self.lanes}f{8 * self.bytes}'
        kind = ir.FunctionType(self.vector, [self.vector] * 3)
        return self.builder.call(cgutils.get_or_insert_function(self.builder.module, kind, name), [x, y, total])

    def sums(self, rows: int, vectors: int, factor_at: Any, line_at: Any, steps: Any, starts: Any) -> list[Any]:
        """sums[r * vectors + v] = starts[...] + sum over k of factor(r, k) * line(k, v)."""
        builder, entry = self.builder, self.builder.block
        loop, done = builder.append_basic_block('k'), builder.append_basic_block('k.done')
        builder.branch(loop)
        builder.position_at_end(loop)
        k = builder.phi(I64)
        sums = [builder.phi(self.vector) for _ in range(rows * vectors)]
        lines = [line_at(k, v) for v in range(vectors)]
        totals = []
        for r in range(rows):
            factor = factor_at(r, k)
            totals += [self.add_product(factor, lines[v], sums[r * vectors + v]) for v in range(vectors)]
        following = builder.add(k, I64(1))
        for phi, first, later in zip([k, *sums], [I64(0), *starts], [following, *totals], strict=True):
            phi.add_incoming(first, entry)
            phi.add_incoming(later, loop)
        builder.cbranch(builder.icmp_signed('<', following, steps), loop, done)
        builder.position_at_end(done)
        return totals

    def zeros(self, count: int) -> list[Any]:
        return [ir.Constant(self.vector, [0.0] * self.lanes)] * count

    def for_each_count(self, value: Any, most: int, emit: Any) -> None:
        """Branch to code that ``emit`` makes for value = 1 ... most."""
        done = self.builder.append_basic_block('counted')
        switch = self.builder.switch(value, done)
        for count in range(1, most + 1):
            block = self.builder.append_basic_block(f'count.{count}')
            switch.add_case(I64(count), block)
            self.builder.position_at_end(block)
            emit(count)
            self.builder.branch(done)
        self.builder.position_at_end(done)
