"""Converts a video to MP4 with H.264 and AAC: `python -m core.media.convert_video SOURCE TARGET`."""

import sys
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from core.media.conversion_results import ResultTooLarge, run_conversion

if TYPE_CHECKING:
    from av.container import InputContainer, OutputContainer
    from av.filter import Graph
    from av.video.frame import VideoFrame

MAX_BYTES = 100_000_000
"""The largest video that can be attached."""
MAX_SIDE, MAX_PIXELS, MAX_RATE = 1920, 50_000_000, 60
"""Pixels of the longer side of the result, pixels of a frame of the source, and frames a second of the result."""
MEMORY_BYTES, SECONDS = 4_000_000_000, 3600
"""The address space and the processor time of a conversion. The encoder's threads reserve most of the space."""
ENCODER = {"preset": "veryfast", "crf": "22", "threads": "2"}
SOUND_RATE, SOUND_BITS = 48_000, 160_000


def convert(source: Path, target: Path) -> None:
    """Write the video upright, at most MAX_SIDE pixels, without metadata, and print its progress from 0 to 1.

    Raises ResultTooLarge, and the errors of PyAV for a file that it cannot decode.
    """
    import av

    with (
        av.open(str(source), metadata_errors="ignore") as reader,
        av.open(str(target), "w", format="mp4", options={"movflags": "+faststart"}) as writer,
    ):
        _transcode(reader, writer, target)


def _transcode(reader: "InputContainer", writer: "OutputContainer", target: Path) -> None:
    import av

    pictures = next(each for each in reader.streams.video if not each.disposition & av.stream.Disposition.attached_pic)
    pictures.thread_type = "AUTO"
    sound = next(iter(reader.streams.audio), None)
    rate = min(Fraction(pictures.guessed_rate or pictures.average_rate or 30), Fraction(MAX_RATE))
    encoder = writer.add_stream("libx264", rate=rate, options=ENCODER)
    sound_encoder = writer.add_stream("aac", rate=SOUND_RATE, layout="stereo", bit_rate=SOUND_BITS) if sound else None
    resampler = av.AudioResampler("fltp", "stereo", SOUND_RATE)
    graph: Graph | None = None
    length = float(reader.duration or 0) / av.time_base
    for packet in reader.demux([each for each in (pictures, sound) if each is not None]):
        for frame in packet.decode():
            if isinstance(frame, av.VideoFrame):
                if graph is None:
                    graph = _graph(frame, pictures.time_base or Fraction(1, 90_000), rate)
                graph.vpush(frame)
                for upright in _pulled(graph):
                    if not encoder.codec_context.is_open:
                        encoder.width, encoder.height, encoder.pix_fmt = upright.width, upright.height, "yuv420p"
                    writer.mux(encoder.encode(upright))
                if length and frame.time is not None:
                    print(f"{min(1.0, max(0.0, frame.time / length)):.3f}", flush=True)
                if target.exists() and target.stat().st_size > MAX_BYTES:  # it is opened with the first frame
                    raise ResultTooLarge
            elif isinstance(frame, av.AudioFrame) and sound_encoder is not None:
                for samples in resampler.resample(frame):
                    writer.mux(sound_encoder.encode(samples))
    if graph is None:
        raise ValueError("the video has no pictures")
    graph.vpush(None)
    for upright in _pulled(graph):
        writer.mux(encoder.encode(upright))
    writer.mux(encoder.encode(None))
    if sound_encoder is not None:
        for samples in resampler.resample(None):
            writer.mux(sound_encoder.encode(samples))
        writer.mux(sound_encoder.encode(None))


def _graph(frame: "VideoFrame", time_base: Fraction, rate: Fraction) -> "Graph":
    """Return the filters that turn frames like this one upright, scale them, and limit their rate."""
    import av

    if frame.width * frame.height > MAX_PIXELS:
        raise ResultTooLarge
    graph = av.filter.Graph()
    chain = [graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=time_base)]
    turns = {90: [("transpose", "cclock")], 180: [("hflip", ""), ("vflip", "")], 270: [("transpose", "clock")]}
    scale = f"w='2*trunc(min(1,{MAX_SIDE}/max(iw,ih))*iw/2)':h='2*trunc(min(1,{MAX_SIDE}/max(iw,ih))*ih/2)'"
    steps = [*turns.get(int(frame.rotation) % 360, []), ("scale", scale), ("setsar", "1"), ("fps", str(rate))]
    for name, arguments in [*steps, ("format", "yuv420p"), ("buffersink", "")]:
        chain.append(graph.add(name, arguments or None))
        chain[-2].link_to(chain[-1])
    graph.configure()
    return graph


def _pulled(graph: "Graph") -> "list[VideoFrame]":
    import av

    frames: list[VideoFrame] = []
    while True:
        try:
            frames.append(graph.vpull())
        except (av.error.BlockingIOError, av.error.EOFError):
            return frames


if __name__ == "__main__":
    run_conversion(lambda: convert(Path(sys.argv[1]), Path(sys.argv[2])), memory=MEMORY_BYTES, seconds=SECONDS)
