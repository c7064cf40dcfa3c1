"""The latency of an exported file and of its variant, in pairs of fresh processes."""

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from bench_models.export.verify import Packed


class Served:
    """One sentence, answered by the file or by the variant on one thread."""

    param_names: ClassVar[list[str]] = ["session"]
    params: ClassVar[list[list[str]]] = [["variant", "file"]]
    warmup_time = 0.3

    def setup(self, packed: "Packed", session: str) -> None:
        """Load the file or the variant, once a process."""
        if not hasattr(self, "session"):
            from bench_models.export.verify import unpacked

            self.session, self.batch = unpacked(packed).opened(session)

    def time_single_stream(self, packed: "Packed", session: str) -> None:  # noqa: ARG002  # asv's signature
        """One sentence of median length."""
        self.session(self.batch)
